//! A service account for the simulator, in the form of a key file.

use serde_json::json;

/// A key made for this crate. It opens nothing: the simulator does not even check the signature.
const KEY: &str = include_str!("key.pem");

/// The text of a service account's key file whose tokens come from the simulator at `base`.
pub fn google_credentials(base: &str) -> String {
    json!({
        "type": "service_account",
        "project_id": "simulated",
        "private_key_id": "simulated",
        "private_key": KEY,
        "client_email": "reader@example.com",
        "client_id": "1",
        "token_uri": format!("{base}/token"),
    })
    .to_string()
}
