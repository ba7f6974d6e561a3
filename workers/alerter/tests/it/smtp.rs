//! A mail server that keeps what it takes.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// One taken letter.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Who it was addressed to, as the envelope says.
    pub to: Vec<String>,
    /// The letter's bytes.
    pub letter: Vec<u8>,
    /// True where nobody on the way could read it.
    pub is_encrypted: bool,
}

impl Taken {
    pub fn message_id(&self) -> String {
        let parsed = mail_parser::MessageParser::default().parse(&self.letter).unwrap();
        parsed.message_id().unwrap().to_owned()
    }
}

/// When a server begins to speak TLS.
#[derive(Clone, Default)]
pub enum Security {
    /// Never.
    #[default]
    Plain,
    /// When it is asked to.
    StartTls(TlsAcceptor),
    /// From the first byte.
    Implicit(TlsAcceptor),
}

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

#[derive(Clone, Default)]
pub struct Smtp {
    taken: Arc<Mutex<Vec<Taken>>>,
    /// Answers that it is not able to, for now.
    pub is_busy: Arc<AtomicBool>,
    security: Security,
    url: String,
}

impl Smtp {
    pub async fn start() -> Self {
        Self::start_with(Security::Plain).await
    }

    pub async fn start_with(security: Security) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // A certificate is for a name.
        let url = match security {
            Security::Plain => format!("smtp://{address}"),
            Security::StartTls(_) => format!("smtp://localhost:{}?tls=required", address.port()),
            Security::Implicit(_) => format!("smtps://localhost:{}", address.port()),
        };
        let smtp = Self { security, url, ..Self::default() };
        tokio::spawn({
            let smtp = smtp.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let smtp = smtp.clone();
                    // A client that hangs up in the middle has sent nothing.
                    tokio::spawn(async move { smtp.talk(stream).await.ok() });
                }
            }
        });
        smtp
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    /// In the order in which they came.
    pub fn message_ids(&self) -> Vec<String> {
        self.taken().iter().map(Taken::message_id).collect()
    }

    async fn talk(&self, stream: impl Wire + 'static) -> std::io::Result<()> {
        let mut is_encrypted = matches!(self.security, Security::Implicit(_));
        let stream: Box<dyn Wire> = match &self.security {
            Security::Implicit(acceptor) => Box::new(acceptor.accept(stream).await?),
            Security::Plain | Security::StartTls(_) => Box::new(stream),
        };
        let mut lines = BufReader::new(stream);
        lines.write_all(b"220 sink\r\n").await?;
        let mut to = Vec::new();
        loop {
            lines.flush().await?;
            let mut line = String::new();
            if lines.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let answer = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
                "EHLO" if matches!(self.security, Security::StartTls(_)) && !is_encrypted => {
                    "250-sink\r\n250-STARTTLS\r\n250 8BITMIME\r\n"
                }
                "EHLO" => "250-sink\r\n250 8BITMIME\r\n",
                "STAR" => {
                    let Security::StartTls(acceptor) = &self.security else { return Ok(()) };
                    lines.write_all(b"220 go on\r\n").await?;
                    lines.flush().await?;
                    lines = BufReader::new(Box::new(acceptor.accept(lines.into_inner()).await?));
                    is_encrypted = true;
                    continue;
                }
                "MAIL" if self.is_busy.load(Relaxed) => "451 not now\r\n",
                "MAIL" => "250 ok\r\n",
                "RCPT" => {
                    to.push(line.split(['<', '>']).nth(1).unwrap_or_default().to_owned());
                    "250 ok\r\n"
                }
                "DATA" => {
                    lines.write_all(b"354 go on\r\n").await?;
                    lines.flush().await?;
                    let letter = read_letter(&mut lines).await?;
                    let taken = Taken { to: std::mem::take(&mut to), letter, is_encrypted };
                    self.taken.lock().unwrap().push(taken);
                    "250 taken\r\n"
                }
                "QUIT" => {
                    lines.write_all(b"221 bye\r\n").await?;
                    return lines.flush().await;
                }
                _ => "502 what\r\n",
            };
            lines.write_all(answer.as_bytes()).await?;
        }
    }
}

async fn read_letter(lines: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut letter = Vec::new();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(letter);
        }
        letter.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
