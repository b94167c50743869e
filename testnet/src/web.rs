//! A minimal HTTP client for the two small services; the ledger has `deedbook_client::http`.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Time for one answer of a service on the same machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A service's address and a connection to it.
#[derive(Debug, Clone)]
pub struct Service {
    http: reqwest::Client,
    base: String,
}

impl Service {
    /// A service at `http://host:port`, in the clear: it is on the same machine.
    ///
    /// # Errors
    /// If the HTTP client cannot be set up.
    pub fn new(base: String) -> Result<Self> {
        // Installs the process's TLS provider, without which no HTTP client can be built.
        deedbook_client::http::Client::new(&[&base])?;
        let http = reqwest::Client::builder()
            .tls_certs_only([])
            .timeout(TIMEOUT)
            .build()
            .context("HTTP client")?;
        Ok(Self { http, base })
    }

    /// The service's address.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// `GET`, JSON.
    ///
    /// # Errors
    /// If the service cannot be reached or refuses.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let url = format!("{}{path}", self.base);
        let response = self.http.get(&url).send().await.context(url.clone())?;
        let answer = succeed(&url, response).await?;
        answer.json().await.context(url)
    }

    /// `POST`, JSON in and out.
    ///
    /// # Errors
    /// If the service cannot be reached or refuses.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let url = format!("{}{path}", self.base);
        let request = self.http.post(&url).json(body);
        let response = request.send().await.context(url.clone())?;
        let answer = succeed(&url, response).await?;
        answer.json().await.context(url)
    }

    /// `PUT`, bytes.
    ///
    /// # Errors
    /// If the service cannot be reached or refuses.
    pub async fn put(&self, path: &str, body: Vec<u8>) -> Result<()> {
        let url = format!("{}{path}", self.base);
        let response = self.http.put(&url).body(body).send().await;
        succeed(&url, response.context(url.clone())?).await?;
        Ok(())
    }

    /// `GET`, bytes.
    ///
    /// # Errors
    /// If the service cannot be reached or refuses.
    pub async fn bytes(&self, path: &str) -> Result<Vec<u8>> {
        let url = format!("{}{path}", self.base);
        let response = self.http.get(&url).send().await.context(url.clone())?;
        let answer = succeed(&url, response).await?;
        Ok(answer.bytes().await.context(url)?.to_vec())
    }
}

async fn succeed(url: &str, response: Response) -> Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text = response.text().await.unwrap_or_default();
    bail!("{url} answered {status}: {text}")
}
