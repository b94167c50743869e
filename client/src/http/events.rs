//! Server-sent events (`GET /v1/events`): the log as it grows.
//!
//! Does not live here: what an event's data means; it is the node's JSON, unverified. A stream
//! that breaks is resumed by asking again with the last id.

use futures::stream::{Stream, StreamExt as _};
use reqwest::header::ACCEPT;

use super::{ApiError, Client, chain, show};

/// Bytes of one event: a block's worth of ids stays below 256 KiB.
const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// Leaf index: what to resume after.
    pub id: Option<u64>,
    /// Its kind; empty if the node names none.
    pub kind: String,
    /// JSON.
    pub data: String,
}

/// Cuts a byte stream into events (WHATWG server-sent events; `retry` and comments are dropped).
#[derive(Debug, Default)]
pub struct Events {
    buffer: Vec<u8>,
    event: Event,
}

impl Events {
    /// Adds bytes; gives the events that they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.buffer.extend_from_slice(bytes);
        let mut done = Vec::new();
        while let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.buffer.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            done.extend(self.line(line.trim_end_matches(['\r', '\n'])));
        }
        done
    }

    /// Bytes kept for an event that is not complete.
    fn pending(&self) -> usize {
        self.buffer.len() + self.event.data.len()
    }

    fn line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return (!event.data.is_empty()).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.event.id = value.parse().ok(),
            "event" => value.clone_into(&mut self.event.kind),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

impl Client {
    /// Events after the leaf `after`, or from now on, from the node that answered last. Ends when
    /// the node closes the stream.
    ///
    /// # Errors
    /// [`ApiError`] if the node cannot be reached or refuses; later errors come in the stream.
    pub async fn events(
        &self,
        after: Option<u64>,
    ) -> Result<impl Stream<Item = Result<Event, ApiError>> + use<>, ApiError> {
        let node = self.node(self.preferred.load(std::sync::atomic::Ordering::Relaxed));
        let mut url = node.clone();
        url.set_path("/v1/events");
        let name = show(node);
        let unreachable = move |error: reqwest::Error| ApiError::Unreachable {
            node: name.clone(),
            reason: chain(&error),
        };
        let mut request = self.http.get(url).header(ACCEPT, "text/event-stream");
        if let Some(after) = after {
            request = request.header("Last-Event-ID", after.to_string());
        }
        let response = request.send().await.map_err(&unreachable)?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            return Err(ApiError::Unexpected {
                node: show(node),
                status,
                excerpt: String::new(),
            });
        }
        let name = show(node);
        let mut parser = Events::default();
        let stream = response.bytes_stream().map(move |chunk| match chunk {
            Ok(chunk) => {
                let events: Vec<_> = parser.feed(&chunk).into_iter().map(Ok).collect();
                if parser.pending() > EVENT_BYTES_MAX {
                    return vec![Err(ApiError::TooLong {
                        node: name.clone(),
                        max: EVENT_BYTES_MAX,
                    })];
                }
                events
            }
            Err(error) => vec![Err(unreachable(error))],
        });
        Ok(stream.flat_map(futures::stream::iter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_however_the_bytes_arrive() {
        let text = b": hello\nid: 7\nevent: record\ndata: {\"a\":\ndata: 1}\r\n\nretry: 5\n\nid: 8\ndata: x\n\n";
        let expected = [
            Event {
                id: Some(7),
                kind: "record".to_owned(),
                data: "{\"a\":\n1}".to_owned(),
            },
            Event {
                id: Some(8),
                kind: String::new(),
                data: "x".to_owned(),
            },
        ];
        for size in [1, 3, text.len()] {
            let mut parser = Events::default();
            let events: Vec<Event> = text
                .chunks(size)
                .flat_map(|chunk| parser.feed(chunk))
                .collect();
            assert_eq!(events, expected);
        }
    }
}
