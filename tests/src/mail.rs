//! A mail server on this machine, and what it took.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Letters in the order in which they were taken.
type Letters = Arc<Mutex<Vec<String>>>;

/// Speaks SMTP, and keeps every letter.
pub struct MailServer {
    url: String,
    letters: Letters,
}

impl MailServer {
    /// On a free port.
    ///
    /// # Errors
    /// When there is none.
    pub async fn open() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("smtp://{}", listener.local_addr()?);
        let letters = Letters::default();
        let taken = Arc::clone(&letters);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let taken = Arc::clone(&taken);
                // Who hangs up in the middle has sent nothing.
                tokio::spawn(async move { take(stream, &taken).await.ok() });
            }
        });
        Ok(Self { url, letters })
    }

    /// Its address, as `alerts.smtp_url` has it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it took so far.
    pub fn letters(&self) -> Vec<String> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The `Message-ID` of each letter so far; empty where one has none.
    pub fn message_ids(&self) -> Vec<String> {
        self.letters().iter().map(|letter| message_id(letter).unwrap_or_default().to_owned()).collect()
    }
}

fn message_id(letter: &str) -> Option<&str> {
    let line = letter.lines().find(|line| line.to_ascii_lowercase().starts_with("message-id:"))?;
    line.split_once(':').map(|(_, id)| id.trim())
}

async fn take(stream: TcpStream, letters: &Letters) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream);
    lines.write_all(b"220 sink\r\n").await?;
    let mut letter: Option<String> = None;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match (&mut letter, line.get(..4).unwrap_or_default()) {
            (Some(whole), _) if line == ".\r\n" => {
                let whole = std::mem::take(whole);
                letters.lock().unwrap_or_else(PoisonError::into_inner).push(whole);
                letter = None;
                "250 taken\r\n"
            }
            (Some(whole), _) => {
                whole.push_str(&line);
                continue;
            }
            (None, "DATA") => {
                letter = Some(String::new());
                "354 go on\r\n"
            }
            (None, "QUIT") => return lines.write_all(b"221 bye\r\n").await,
            (None, _) => "250 ok\r\n",
        };
        lines.write_all(answer.as_bytes()).await?;
    }
}
