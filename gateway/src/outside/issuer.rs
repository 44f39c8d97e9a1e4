//! An issuer as the gateway knows it: its keys, when they were seen, and the task that looks at them again.

use std::{
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jsonwebtoken::Header;
use serde_json::Value;
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use super::{
    fetch::{Fetch, FetchError},
    keys::{self, Key, KeyError},
};
use crate::config::IssuerConfig;

/// Longest wait of a request for a look at the keys: two answers of the issuer.
const WAIT: Duration = Duration::from_secs(10);

/// What the task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Asking the issuer; waiting for it makes sense.
    Looking,
    /// Just asked; nothing that comes in makes it ask again.
    Resting,
    /// An unknown key makes it ask.
    Open,
}

/// What became of the search for a key.
pub(super) enum Found {
    /// This is the key.
    Key(Arc<Key>),
    /// The issuer has no such key.
    Nothing,
    /// The issuer was not seen for too long, or never.
    Away,
}

/// A trusted issuer.
pub(super) struct Issuer {
    pub(super) config: IssuerConfig,
    keys: RwLock<Arc<[Arc<Key>]>>,
    /// Until when the keys are believed, seconds since 1970.
    believed_until_s: AtomicU64,
    phase: watch::Sender<Phase>,
    asked: Notify,
}

impl Issuer {
    /// The issuer with the keys of its settings; one that is asked for them has none yet.
    pub(super) fn new(config: IssuerConfig) -> Result<Self, KeyError> {
        let (keys, until_s, phase) = match &config.jwks {
            Some(jwks) => (keys::configured(&config, jwks)?, u64::MAX, Phase::Resting),
            None => (Vec::new(), 0, Phase::Looking),
        };
        Ok(Self {
            keys: RwLock::new(keys.into()),
            believed_until_s: AtomicU64::new(until_s),
            phase: watch::Sender::new(phase),
            asked: Notify::new(),
            config,
        })
    }

    /// Whether what its keys signed counts now.
    pub(super) fn is_believed(&self, now_s: u64) -> bool {
        now_s < self.believed_until_s.load(Ordering::Relaxed)
    }

    /// The key for a token with this header; a key not known yet is looked for at the issuer, at most once per `refetch_s`.
    pub(super) async fn key(&self, header: &Header, now_s: u64) -> Found {
        match self.known(header, now_s) {
            Found::Key(key) => Found::Key(key),
            nothing if !self.is_seen_anew().await => nothing,
            _ => self.known(header, now_s),
        }
    }

    fn known(&self, header: &Header, now_s: u64) -> Found {
        if !self.is_believed(now_s) {
            return Found::Away;
        }
        let named = |keys: &[Arc<Key>]| keys::named(keys, header).cloned();
        let key = self.keys.read().ok().and_then(|keys| named(&keys));
        key.map_or(Found::Nothing, Found::Key)
    }

    /// Waits for a look at the keys when one is under way or allowed now; whether there was one.
    async fn is_seen_anew(&self) -> bool {
        let mut phase = self.phase.subscribe();
        let now = *phase.borrow_and_update();
        match now {
            Phase::Resting => return false,
            Phase::Open => self.asked.notify_one(),
            Phase::Looking => {}
        }
        let looked = phase.wait_for(|phase| *phase == Phase::Resting);
        timeout(WAIT, looked).await.is_ok()
    }

    /// Looks at the keys for as long as the gateway is open; `now_s` tells the time.
    pub(super) async fn look(self: Arc<Self>, fetch: Arc<Fetch>, now_s: fn() -> u64) {
        let rest = Duration::from_secs(self.config.refetch_s);
        let quiet = Duration::from_secs(self.config.refresh_s).saturating_sub(rest);
        loop {
            self.phase.send_replace(Phase::Looking);
            let seen = fetch.keys(&self.config.issuer).await;
            let is_seen = self.take(seen, now_s());
            self.phase.send_replace(Phase::Resting);
            sleep(rest).await;
            self.phase.send_replace(Phase::Open);
            if is_seen {
                // Either somebody asks, or it is time.
                let _ = timeout(quiet, self.asked.notified()).await;
            }
        }
    }

    /// Takes over what the issuer published. When it did not answer, or published no usable key, the last keys stay.
    fn take(&self, seen: Result<Value, FetchError>, now_s: u64) -> bool {
        let issuer = self.config.issuer.as_str();
        let former = self.keys.read().map(|keys| Arc::clone(&keys));
        let Ok(former) = former else { return false };
        let fresh = match seen.map(|set| keys::published(&self.config, set, &former)) {
            Ok(Ok(fresh)) => fresh,
            Ok(Err(error)) => {
                tracing::warn!(issuer, %error, "keys of an issuer cannot be used");
                return false;
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(issuer, %error, cause, "an issuer cannot be asked for its keys");
                return false;
            }
        };
        let is_same = |one: &Arc<Key>, other: &Arc<Key>| Arc::ptr_eq(one, other);
        for key in former.iter() {
            if !fresh.iter().any(|it| is_same(it, key)) {
                key.withdraw();
            }
        }
        let n_new = fresh
            .iter()
            .filter(|key| !former.iter().any(|it| is_same(it, key)))
            .count();
        if n_new > 0 || fresh.len() != former.len() {
            tracing::info!(issuer, n_keys = fresh.len(), n_new, "keys of an issuer");
        }
        let Ok(mut keys) = self.keys.write() else {
            return false;
        };
        *keys = fresh.into();
        let until_s = now_s.saturating_add(self.config.keep_s);
        self.believed_until_s.store(until_s, Ordering::Relaxed);
        true
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::Algorithm;
    use serde_json::json;

    use super::*;

    const START: u64 = 1_800_000_000;

    fn ed25519(kid: &str, fill: u8) -> Value {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": URL_SAFE_NO_PAD.encode([fill; 32])})
    }

    fn set(keys: &[Value]) -> Value {
        json!({"keys": keys})
    }

    fn header(kid: &str) -> Header {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(kid.to_owned());
        header
    }

    fn issuer() -> Issuer {
        Issuer::new(IssuerConfig::discovered(
            "https://login.example.nl",
            "helder",
        ))
        .unwrap()
    }

    fn key(issuer: &Issuer, kid: &str, now_s: u64) -> Option<Arc<Key>> {
        match issuer.known(&header(kid), now_s) {
            Found::Key(key) => Some(key),
            Found::Nothing | Found::Away => None,
        }
    }

    #[test]
    fn an_issuer_that_is_away_ten_minutes_is_believed_and_one_that_is_away_a_day_is_not() {
        let issuer = issuer();
        assert!(
            matches!(issuer.known(&header("a"), START), Found::Away),
            "never seen"
        );
        assert!(issuer.take(Ok(set(&[ed25519("a", 1)])), START));
        for at in (0..=600).step_by(30) {
            assert!(!issuer.take(Err(FetchError::Slow), START + at));
            assert!(key(&issuer, "a", START + at).is_some(), "after {at} s");
        }
        let day = issuer.config.keep_s;
        assert!(key(&issuer, "a", START + day - 1).is_some());
        assert!(matches!(
            issuer.known(&header("a"), START + day),
            Found::Away
        ));
        assert!(
            issuer.take(Ok(set(&[ed25519("a", 1)])), START + day + 5),
            "back again"
        );
        assert!(key(&issuer, "a", START + day + 5).is_some());
    }

    #[test]
    fn an_answer_without_a_usable_key_takes_nothing_away() {
        let issuer = issuer();
        issuer.take(Ok(set(&[ed25519("a", 1)])), START);
        let symmetric = json!({"kty": "oct", "kid": "a", "k": "c2VjcmV0"});
        for answer in [
            json!({}),
            json!({"keys": []}),
            json!([]),
            json!({"keys": [symmetric]}),
        ] {
            assert!(!issuer.take(Ok(answer), START + 60));
            assert!(key(&issuer, "a", START + 60).is_some());
        }
    }

    #[test]
    fn a_key_that_stays_is_the_same_one_and_a_key_that_goes_is_withdrawn() {
        let issuer = issuer();
        issuer.take(Ok(set(&[ed25519("a", 1)])), START);
        let first = key(&issuer, "a", START).unwrap();
        issuer.take(Ok(set(&[ed25519("a", 1), ed25519("b", 2)])), START + 60);
        let again = key(&issuer, "a", START + 60).unwrap();
        assert!(Arc::ptr_eq(&first, &again) && !first.is_gone());
        issuer.take(Ok(set(&[ed25519("b", 2)])), START + 120);
        assert!(first.is_gone() && key(&issuer, "a", START + 120).is_none());
        // The same name with other bytes is another key.
        let before = key(&issuer, "b", START + 120).unwrap();
        issuer.take(Ok(set(&[ed25519("b", 3)])), START + 180);
        assert!(before.is_gone() && !key(&issuer, "b", START + 180).unwrap().is_gone());
    }

    #[test]
    fn keys_for_other_uses_or_other_algorithms_are_passed_over_and_hide_no_other() {
        let issuer = issuer();
        let mut for_encryption = ed25519("e", 4);
        for_encryption["use"] = json!("enc");
        let mut of_another = ed25519("r", 5);
        of_another["alg"] = json!("RS256");
        let unknown = json!({"kty": "AKP", "alg": "ML-DSA-44", "kid": "m", "pub": "AA"});
        let mut many = vec![unknown, for_encryption, of_another, ed25519("a", 1)];
        assert!(issuer.take(Ok(set(&many)), START));
        assert!(key(&issuer, "a", START).is_some());
        for other in ["e", "r", "m"] {
            assert!(key(&issuer, other, START).is_none(), "{other}");
        }
        many.extend((0..200).map(|n| ed25519(&n.to_string(), 6)));
        assert!(issuer.take(Ok(set(&many)), START));
        assert!(issuer.keys.read().unwrap().len() <= 64);
    }
}
