//! Letters over TLS, from the first byte or when it is agreed on, to a server whose certificate an own authority signed.

use std::sync::Arc;

use aispend_alerter::Watch;
use aispend_ports::Archive;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use crate::bed::{Bed, mail_to};
use crate::smtp::{Security, Smtp};

/// An authority made for a test.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    /// Accepts TLS with a certificate for that name.
    fn acceptor(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

fn watch(bed: &Bed, smtp: &Smtp, authorities: Option<&str>) -> Watch {
    bed.watch_over(Arc::clone(&bed.archive) as Arc<dyn Archive>, vec![mail_to(smtp.url(), authorities)])
}

#[tokio::test]
async fn a_letter_goes_out_encrypted_either_way() {
    let authority = Authority::new();
    let acceptor = authority.acceptor("localhost");
    for security in [Security::StartTls(acceptor.clone()), Security::Implicit(acceptor)] {
        let bed = Bed::new().await;
        bed.see("daily", &["total"]);
        let smtp = Smtp::start_with(security).await;
        let checked = watch(&bed, &smtp, Some(&authority.pem)).check("").await.unwrap();
        assert_eq!(checked.failures, Vec::<String>::new(), "{}", smtp.url());
        let taken = smtp.taken();
        assert!(taken.len() == 1 && taken[0].is_encrypted, "{}", smtp.url());
    }
}

#[tokio::test]
async fn a_certificate_that_proves_nothing_is_named_and_the_letter_goes_out_when_it_is_mended() {
    let (ours, stranger) = (Authority::new(), Authority::new());
    for (acceptor, trusted) in [
        (ours.acceptor("localhost"), None),
        (ours.acceptor("localhost"), Some(&stranger)),
        (ours.acceptor("mail.example.com"), Some(&ours)),
    ] {
        for security in [Security::StartTls(acceptor.clone()), Security::Implicit(acceptor)] {
            let bed = Bed::new().await;
            bed.see("daily", &["total"]);
            let smtp = Smtp::start_with(security).await;
            let trusted = trusted.map(|authority| authority.pem.as_str());
            let checked = watch(&bed, &smtp, trusted).check("").await.unwrap();
            assert_eq!((checked.opened.len(), checked.told.len()), (1, 0));
            let said = &checked.failures[0];
            assert!(said.contains("certificate") && said.contains("alerts.smtp_ca_file"), "{said}");
            assert!(smtp.taken().is_empty());
            assert_eq!(bed.lines()["total"], ("open".to_owned(), false));
            // Somebody puts the right certificate there.
            let mended = Smtp::start_with(Security::Implicit(ours.acceptor("localhost"))).await;
            let watch = watch(&bed, &mended, Some(&ours.pem));
            let checked = watch.check("").await.unwrap();
            assert_eq!((checked.opened.len(), checked.told.len()), (0, 1), "{:?}", checked.failures);
            watch.check("").await.unwrap();
            assert_eq!(mended.taken().len(), 1);
            assert_eq!(bed.lines()["total"], ("open".to_owned(), true));
        }
    }
}

#[tokio::test]
async fn a_server_that_offers_no_tls_gets_no_letter_where_tls_is_asked_for() {
    let bed = Bed::new().await;
    bed.see("daily", &["total"]);
    let url = bed.smtp.url().replace("127.0.0.1", "localhost") + "?tls=required";
    let channel = mail_to(&url, None);
    let checked =
        bed.watch_over(Arc::clone(&bed.archive) as Arc<dyn Archive>, vec![channel]).check("").await.unwrap();
    assert!(checked.failures[0].contains("mail did not take the notice"), "{:?}", checked.failures);
    assert!(checked.told.is_empty() && bed.smtp.taken().is_empty());
}
