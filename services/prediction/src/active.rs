//! The versions that may answer now.
//!
//! The registry is asked twice a second what is in force. What it no longer lists stops answering before anything else is done;
//! what is new is read from the object store, checked against its digest and prepared. A file that fails its check is not
//! served, and neither is the version it replaced. Every minute each file is read and checked again. While the object store is
//! away, what was checked before goes on; a process that could not read what was in force when it started takes no requests
//! until it could, so that nobody is sent from a replica that can answer to one that cannot.
//!
//! **When the registry is away** the versions it confirmed last go on for [`Active::patience`], then nothing answers. A stop is
//! made in the registry, so while it is away nobody can make one; what remains is a break between these two services, and that
//! is what the patience bounds.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use helder_model::{Model, read::MAX_BYTES};
use helder_platform::{
    keyring::KeyRing,
    metrics::{Family, Points, Source},
    objects::Objects,
    problem::{Problem, Result},
};
use helder_types::OrganisationId;

use crate::{news::News, registry::ActiveVersion, served::Served};

/// After this a file is read and checked again; one that failed is tried again sooner.
const RECHECK: Duration = Duration::from_mins(1);
const RETRY: Duration = Duration::from_secs(5);
/// The same for a file that could not be asked for.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Which versions answer. Cheap to clone.
#[derive(Clone)]
pub struct Active {
    inner: Arc<Inner>,
}

/// [`Active`] as seen by who keeps it up to date; ends when nobody serves from it any more.
#[derive(Clone)]
pub(crate) struct WeakActive(Weak<Inner>);

impl WeakActive {
    pub(crate) fn upgrade(&self) -> Option<Active> {
        self.0.upgrade().map(|inner| Active { inner })
    }
}

struct Inner {
    objects: Objects,
    keyring: KeyRing,
    patience: Duration,
    set: RwLock<Arc<Set>>,
    confirmed: Mutex<Option<Instant>>,
    has_started: AtomicBool,
    news: Arc<News>,
}

#[derive(Default)]
struct Set {
    slots: Vec<Arc<Slot>>,
    /// By organisation, then by name and by id of the model.
    by_name: HashMap<String, HashMap<String, Arc<Slot>>>,
}

struct Slot {
    version: ActiveVersion,
    state: State,
    since: Instant,
}

#[derive(Clone)]
enum State {
    /// In force, not read yet.
    Loading,
    /// Answers.
    Ready(Arc<Served>),
    /// In force, but its file or key fails.
    Refused,
    /// In force, not read yet because what keeps the file or the key is away.
    Away,
}

impl Source for Active {
    fn collect(&self) -> Vec<Family> {
        let slots = &self.set().slots;
        let now = jiff::Timestamp::now();
        let age = |slot: &Arc<Slot>| {
            let at: jiff::Timestamp = slot.version.activated_at.as_deref()?.parse().ok()?;
            let labels = vec![(
                "helder.model_version_id",
                slot.version.model_version_id.to_string(),
            )];
            Some((labels, now.duration_since(at).as_secs_f64().max(0.0)))
        };
        let state = |wanted: &str, is: fn(&State) -> bool| {
            let count = slots.iter().filter(|slot| is(&slot.state)).count();
            (
                vec![("helder.model.state", wanted.to_owned())],
                count as f64,
            )
        };
        let confirmed = *self
            .inner
            .confirmed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let silence = confirmed.map(|at| (Vec::new(), at.elapsed().as_secs_f64()));
        vec![
            Family {
                name: "helder.model.age",
                help: "How long ago a version in force was activated.",
                unit: "s",
                points: Points::Gauge(slots.iter().filter_map(age).collect()),
            },
            Family {
                name: "helder.models",
                help: "Versions in force, by whether they can answer.",
                unit: "{model}",
                points: Points::Gauge(vec![
                    state("ready", |state| matches!(state, State::Ready(_))),
                    state("loading", |state| matches!(state, State::Loading)),
                    state("refused", |state| matches!(state, State::Refused)),
                    state("away", |state| matches!(state, State::Away)),
                ]),
            },
            Family {
                name: "helder.registry.silence",
                help: "How long ago the registry last said what is in force.",
                unit: "s",
                points: Points::Gauge(silence.into_iter().collect()),
            },
        ]
    }
}

impl Active {
    /// Nothing is in force until [`Active::apply`] says so.
    pub fn new(objects: Objects, keyring: KeyRing, patience: Duration) -> Self {
        let inner = Inner {
            objects,
            keyring,
            patience,
            set: RwLock::default(),
            confirmed: Mutex::new(None),
            has_started: AtomicBool::new(false),
            news: Arc::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    pub(crate) fn downgrade(&self) -> WeakActive {
        WeakActive(Arc::downgrade(&self.inner))
    }

    /// How long the last word of the registry holds.
    pub fn patience(&self) -> Duration {
        self.inner.patience
    }

    pub(crate) fn news(&self) -> Arc<News> {
        Arc::clone(&self.inner.news)
    }

    /// The version that answers for `model` (its name or id). One that is not known yet is asked for at the registry, so that
    /// whoever was told that it is in force is answered, whichever replica it was told by.
    ///
    /// # Errors
    /// Those of [`Active::find`].
    pub async fn find_newest(
        &self,
        organisation: &OrganisationId,
        model: &str,
    ) -> Result<Arc<Served>> {
        let found = self.find(organisation, model);
        if found.is_err() && self.may_be_newer(organisation, model) {
            self.inner.news.newer().await;
            return self.find(organisation, model);
        }
        found
    }

    fn may_be_newer(&self, organisation: &OrganisationId, model: &str) -> bool {
        let set = self.set();
        let models = set.by_name.get(organisation.as_str());
        let slot = models.and_then(|models| models.get(model));
        slot.is_none_or(|slot| matches!(slot.state, State::Loading))
    }

    /// The version that answers for `model` (its name or id), as far as is known here.
    ///
    /// # Errors
    /// 404 `model-not-active` when the organisation has no version of it in force, whether it ever had one or not; 503 when the
    /// registry has been silent too long, or the version's files fail their check.
    pub fn find(&self, organisation: &OrganisationId, model: &str) -> Result<Arc<Served>> {
        self.fresh()?;
        let set = self.set();
        let slot = set
            .by_name
            .get(organisation.as_str())
            .and_then(|models| models.get(model));
        match slot.map(|slot| &slot.state) {
            Some(State::Ready(served)) => Ok(Arc::clone(served)),
            Some(State::Loading) => Err(Problem::unavailable("this version is being read", 1)),
            Some(State::Refused) => Err(Problem::unavailable(
                "the files of this version fail their check; it does not answer",
                30,
            )),
            Some(State::Away) => Err(Problem::unavailable(
                "the files of this version cannot be read now",
                5,
            )),
            None => Err(not_active()),
        }
    }

    /// Whether the last word of the registry still holds.
    ///
    /// # Errors
    /// 503 when it does not.
    pub fn fresh(&self) -> Result<()> {
        let confirmed = *self
            .inner
            .confirmed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if confirmed.is_some_and(|at| at.elapsed() <= self.inner.patience) {
            return Ok(());
        }
        Err(Problem::unavailable(
            "the registry does not say which models are in force",
            5,
        ))
    }

    /// The registry answered a question asked at `asked`: what is in force has not changed.
    pub fn confirm(&self, asked: Instant) {
        let mut confirmed = self
            .inner
            .confirmed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *confirmed = Some(asked);
    }

    /// The registry answered a question asked at `asked`: this is in force, nothing else.
    pub async fn apply(&self, listed: Vec<ActiveVersion>, asked: Instant) {
        // First what was stopped stops; reading new files may take a while.
        let former = self.set();
        let kept = |version: &ActiveVersion| {
            former
                .slots
                .iter()
                .find(|slot| slot.version == *version)
                .cloned()
        };
        let slots = listed.into_iter().map(|version| {
            kept(&version).unwrap_or_else(|| {
                Arc::new(Slot {
                    version,
                    state: State::Loading,
                    since: Instant::now(),
                })
            })
        });
        self.put(slots.collect());
        self.confirm(asked);
        self.load().await;
    }

    /// Whether what the registry listed has been read once: whatever happens later, something can be answered from memory.
    pub fn has_started(&self) -> bool {
        self.inner.has_started.load(Ordering::Relaxed)
    }

    /// Reads what is new, what is due for its check, and what failed a while ago.
    pub async fn load(&self) {
        let set = self.set();
        let mut slots = Vec::with_capacity(set.slots.len());
        let mut has_changed = false;
        for slot in &set.slots {
            let is_due = match slot.state {
                State::Loading => true,
                State::Ready(_) => slot.since.elapsed() >= RECHECK,
                State::Refused => slot.since.elapsed() >= RETRY,
                State::Away => slot.since.elapsed() >= ASK_AGAIN,
            };
            if !is_due {
                slots.push(Arc::clone(slot));
                continue;
            }
            has_changed = true;
            slots.push(Arc::new(self.load_slot(slot).await));
        }
        let is_unread = |slot: &Arc<Slot>| matches!(slot.state, State::Loading | State::Away);
        if !slots.iter().any(is_unread) {
            self.inner.has_started.store(true, Ordering::Relaxed);
        }
        if has_changed {
            self.put(slots);
        }
    }

    async fn load_slot(&self, slot: &Slot) -> Slot {
        let version = &slot.version;
        let state = match self.read(version).await {
            Ok(served) => State::Ready(Arc::new(served)),
            Err(problem) => {
                problem.log();
                tracing::error!(
                    version = %version.model_version_id, digest = %version.digest, %problem, "a version in force cannot be read"
                );
                match &slot.state {
                    // The store is away; what was checked a minute ago is still what was reviewed.
                    State::Ready(served) if problem.status() == 503 => {
                        State::Ready(Arc::clone(served))
                    }
                    _ if problem.status() == 503 => State::Away,
                    _ => State::Refused,
                }
            }
        };
        Slot {
            version: version.clone(),
            state,
            since: Instant::now(),
        }
    }

    /// Reads and prepares a version. The object store checks the digest.
    pub(crate) async fn read(&self, version: &ActiveVersion) -> Result<Served> {
        let bytes = self
            .inner
            .objects
            .get_bytes(&version.organisation, &version.digest, MAX_BYTES as u64)
            .await?;
        let pseudonymiser = self
            .inner
            .keyring
            .pseudonymiser(&version.organisation, version.project_id)
            .await?;
        let model = Model::from_json(&bytes).map_err(Problem::internal)?;
        Served::new(version.clone(), &model, pseudonymiser).map_err(Problem::internal)
    }

    fn set(&self) -> Arc<Set> {
        Arc::clone(
            &self
                .inner
                .set
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn put(&self, slots: Vec<Arc<Slot>>) {
        let mut by_name: HashMap<String, HashMap<String, Arc<Slot>>> = HashMap::new();
        for slot in &slots {
            let models = by_name
                .entry(slot.version.organisation.as_str().to_owned())
                .or_default();
            models.insert(slot.version.model_name.clone(), Arc::clone(slot));
            models.insert(slot.version.model_id.to_string(), Arc::clone(slot));
        }
        *self
            .inner
            .set
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(Set { slots, by_name });
    }
}

/// The same answer for a model that was suspended, retired, never activated, never made, or is another's.
pub(crate) fn not_active() -> Problem {
    let detail = "no version of this model is in force in your organisation";
    Problem::new(
        actix_web::http::StatusCode::NOT_FOUND,
        "model-not-active",
        detail,
    )
}
