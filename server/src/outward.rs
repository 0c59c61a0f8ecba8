//! How the server asks other servers over https.

use reqwest::ClientBuilder;
use reqwest::redirect::Policy;
use std::time::Duration;

/// How long a connection may take, and an answer with it.
const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(10);

/// What a client begins with: it follows no redirects, goes by no proxy of the environment, and gives up in time. It
/// trusts whom the machine trusts, so that an organisation's own authority counts here as well.
pub fn client() -> ClientBuilder {
    // Whoever asked first has set it; there is no other one.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .timeout(WHOLE)
        .user_agent(concat!("Holdfast/", env!("CARGO_PKG_VERSION")))
}
