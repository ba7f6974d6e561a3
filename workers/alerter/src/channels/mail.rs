//! E-mail by SMTP.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::client::{Certificate, Tls, TlsParametersBuilder};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use aispend_warehouse::Audience;

use super::{Channel, ChannelError, Notice};

/// How long the server may take for one answer, and for the whole letter.
const PATIENCE: Duration = Duration::from_mins(1);

/// Why letters cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server's address; it is not repeated, it may hold a password.
    #[error(
        "alerts.smtp_url is no address of a mail server, such as smtps://user:password@mail.example.com:465"
    )]
    Server,
    /// An address.
    #[error("{setting}: `{address}` is no e-mail address")]
    Address {
        /// Which setting.
        setting: &'static str,
        /// What it holds.
        address: String,
    },
    /// The file of authorities.
    #[error("alerts.smtp_ca_file: {0}")]
    Authority(String),
    /// Nobody to write to.
    #[error("alerts.smtp_url is set, and {0} is not: name who sends and who receives alerts")]
    Missing(&'static str),
}

/// Who sends, and who receives.
#[derive(Debug, Clone)]
pub struct Mailboxes {
    from: Mailbox,
    finance: Vec<Mailbox>,
    on_call: Vec<Mailbox>,
}

impl Mailboxes {
    /// Reads addresses. Where only one audience has any, it receives everything.
    ///
    /// # Errors
    /// The first that is none.
    pub fn read(from: Option<&str>, finance: &[String], on_call: &[String]) -> Result<Self, MailError> {
        let from = mailbox("alerts.from", from.ok_or(MailError::Missing("alerts.from"))?)?;
        let all = |setting: &'static str, list: &[String]| {
            list.iter().map(|address| mailbox(setting, address)).collect::<Result<Vec<_>, _>>()
        };
        let mut finance = all("alerts.finance", finance)?;
        let mut on_call = all("alerts.on_call", on_call)?;
        if finance.is_empty() && on_call.is_empty() {
            return Err(MailError::Missing("alerts.finance or alerts.on_call"));
        }
        if finance.is_empty() {
            finance.clone_from(&on_call);
        }
        if on_call.is_empty() {
            on_call.clone_from(&finance);
        }
        Ok(Self { from, finance, on_call })
    }

    fn of(&self, audience: Audience) -> &[Mailbox] {
        match audience {
            Audience::Finance => &self.finance,
            Audience::OnCall => &self.on_call,
        }
    }

    /// Where nobody is to be written to: for letters that are kept in files.
    pub fn of_nobody() -> Option<Self> {
        let mailbox = |user: &str| Some(Mailbox::new(None, Address::new(user, "aispend.invalid").ok()?));
        Some(Self {
            from: mailbox("alerts")?,
            finance: vec![mailbox("finance")?],
            on_call: vec![mailbox("on-call")?],
        })
    }

    /// The letter as it goes out.
    ///
    /// # Errors
    /// When a part of it cannot stand in a letter.
    pub fn message(&self, notice: &Notice) -> Result<Message, lettre::error::Error> {
        let mut message = Message::builder()
            .message_id(Some(format!("<{}>", notice.message_id())))
            .date(SystemTime::from(notice.at))
            .from(self.from.clone())
            .subject(notice.letter.subject.clone());
        for to in self.of(notice.audience) {
            message = message.to(to.clone());
        }
        message.multipart(MultiPart::alternative_plain_html(
            notice.letter.text.clone(),
            notice.letter.html.clone(),
        ))
    }
}

fn mailbox(setting: &'static str, address: &str) -> Result<Mailbox, MailError> {
    address.trim().parse().map_err(|_| MailError::Address { setting, address: address.to_owned() })
}

/// Letters to the audience of each rule.
pub struct Mail {
    server: AsyncSmtpTransport<Tokio1Executor>,
    mailboxes: Mailboxes,
}

impl Mail {
    /// Through that server: `smtps://…` (TLS), `smtp://…?tls=required` (STARTTLS), or `smtp://…` within a machine.
    /// `authorities`: PEM, who may sign the server's certificate beside those that this machine trusts.
    ///
    /// # Errors
    /// When the address is none, or the authorities are none.
    pub fn new(url: &str, authorities: Option<&[u8]>, mailboxes: Mailboxes) -> Result<Self, MailError> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| MailError::Server)?;
        let server = match authorities {
            Some(pem) => server.tls(trusting(url, pem)?),
            None => server,
        };
        Ok(Self { server: server.timeout(Some(PATIENCE)).build(), mailboxes })
    }
}

/// TLS as the address asks for it, with these authorities.
fn trusting(url: &str, pem: &[u8]) -> Result<Tls, MailError> {
    let url = reqwest::Url::parse(url).map_err(|_| MailError::Server)?;
    let host = url.host_str().ok_or(MailError::Server)?;
    let wrong = |detail: &str| MailError::Authority(detail.to_owned());
    if !String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE-----") {
        return Err(wrong(
            "the file holds no certificate in PEM: `-----BEGIN CERTIFICATE-----` is not in it",
        ));
    }
    let unread = |_| wrong("a certificate in the file cannot be read");
    let authority = Certificate::from_pem(pem).map_err(unread)?;
    let parameters = TlsParametersBuilder::new(host.to_owned()).add_root_certificate(authority);
    let parameters = parameters.build_rustls().map_err(unread)?;
    let asked = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, mode)| mode.into_owned());
    match (url.scheme(), asked.as_deref()) {
        ("smtps", _) => Ok(Tls::Wrapper(parameters)),
        (_, Some("required")) => Ok(Tls::Required(parameters)),
        (_, Some(_)) => Ok(Tls::Opportunistic(parameters)),
        (_, None) => Err(wrong("alerts.smtp_url asks for no TLS: smtps://… or smtp://…?tls=required does")),
    }
}

/// Why a letter did not go out, with what to do where the server's certificate is the reason.
fn refused(error: &lettre::transport::smtp::Error) -> String {
    let detail = aispend_stage::error_chain(error);
    if detail.contains("certificate") {
        format!(
            "{detail}; alerts.smtp_url must name the server as its certificate does, and where nobody that this machine \
             trusts signed it, alerts.smtp_ca_file names who did"
        )
    } else {
        detail
    }
}

#[async_trait]
impl Channel for Mail {
    fn name(&self) -> &'static str {
        "mail"
    }

    async fn tell(&self, notice: &Notice) -> Result<(), ChannelError> {
        let failed = |detail: String| ChannelError { channel: "mail", detail };
        let message =
            self.mailboxes.message(notice).map_err(|error| failed(aispend_stage::error_chain(&error)))?;
        let sent = tokio::time::timeout(PATIENCE, self.server.send(message)).await;
        let sent = sent.map_err(|_| failed(format!("no answer within {} seconds", PATIENCE.as_secs())))?;
        sent.map(drop).map_err(|error| failed(refused(&error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(addresses: &[&str]) -> Vec<String> {
        addresses.iter().map(|address| (*address).to_owned()).collect()
    }

    #[test]
    fn addresses_are_read_and_one_audience_stands_in_for_the_other() {
        let only = list(&["Ann <ann@example.com>", "bob@example.com"]);
        let mailboxes = Mailboxes::read(Some("aispend <alerts@example.com>"), &[], &only).unwrap();
        assert_eq!(mailboxes.of(Audience::Finance), mailboxes.of(Audience::OnCall));
        let check = |from: Option<&str>, finance: &[&str], expected: &str| {
            let error = Mailboxes::read(from, &list(finance), &[]).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(None, &["a@example.com"], "alerts.from is not");
        check(Some("a@example.com"), &[], "alerts.finance or alerts.on_call");
        check(Some("a@example.com"), &["ann"], "alerts.finance: `ann` is no e-mail address");
    }

    #[test]
    fn a_servers_password_is_not_repeated() {
        let mailboxes = Mailboxes::of_nobody().unwrap();
        let error = Mail::new("https://u:hidden-word@example.com", None, mailboxes).err().unwrap();
        assert!(!format!("{error} {error:?}").contains("hidden-word"), "{error}");
    }
    #[test]
    fn a_file_of_authorities_that_cannot_help_is_named() {
        let check = |url: &str, pem: &str, expected: &str| {
            let mailboxes = Mailboxes::of_nobody().unwrap();
            let error = Mail::new(url, Some(pem.as_bytes()), mailboxes).err().unwrap().to_string();
            assert!(error.starts_with("alerts.smtp_ca_file: ") && error.contains(expected), "{error}");
        };
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        check("smtps://mail.example.com", "not a certificate", "no certificate in PEM");
        check("smtps://mail.example.com", pem, "cannot be read");
    }
}
