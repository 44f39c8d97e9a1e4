//! The platform as processes of its own: two gateways, two replicas of each service.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use toml::{Table, Value};

use crate::{
    Result, TestkitError,
    balancer::Balancer,
    bucket::Bucket,
    former, helder,
    launch::{self, Kept},
};

const SERVICES: [&str; 5] = ["registry", "ingest", "linkage", "training", "prediction"];
const REPLICAS: usize = 2;

/// All processes of one platform; they are killed when dropped.
#[derive(Debug)]
pub(crate) struct Processes {
    folder: PathBuf,
    members: Vec<Member>,
    bucket: Option<Bucket>,
    _balancers: Vec<Balancer>,
}

#[derive(Debug)]
struct Member {
    service: String,
    listen: SocketAddr,
    settings: PathBuf,
    /// Where its program is, when not that of this version.
    former: Option<PathBuf>,
    child: Option<Child>,
}

impl Processes {
    /// Whether `HELDER_TEST_SHAPE` is `processes`.
    pub(crate) fn wanted() -> bool {
        std::env::var("HELDER_TEST_SHAPE").as_deref() == Ok("processes")
    }

    /// Writes the settings of every program with `helder config processes`.
    pub(crate) fn settings(data: &Path, kept: &Kept) -> Result<Vec<PathBuf>> {
        let store = kept.store().ok_or_else(|| {
            TestkitError::NoSettings("replicas need HELDER_TEST_STORE=postgres".to_owned())
        })?;
        let output = Command::new(helder()?)
            .args(["config", "processes", "--store", store, "--out"])
            .arg(data)
            .arg("--objects")
            .arg(match &kept.bucket {
                Some(bucket) => bucket.url.clone(),
                None => format!("file:{}", data.join("objects").display()),
            })
            .output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(TestkitError::NoSettings(said));
        }
        Ok(Self::files(data))
    }

    /// Where the settings of the programs are, one of each.
    pub(crate) fn files(data: &Path) -> Vec<PathBuf> {
        let programs = SERVICES.into_iter().chain(["gateway"]);
        programs
            .map(|program| data.join(format!("{program}.toml")))
            .collect()
    }

    /// Makes settings, and spreads each service over replicas.
    pub(crate) fn prepare(folder: &Path, gateway: SocketAddr, kept: &Kept) -> Result<Self> {
        let data = folder.join("data");
        Self::settings(&data, kept)?;
        let mut replicas = Vec::new();
        let mut balancers = Vec::new();
        for service in SERVICES {
            let addresses = (0..REPLICAS)
                .map(|_| launch::free_address())
                .collect::<Result<Vec<_>>>()?;
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            balancers.push(Balancer::over(any, addresses.clone(), "/health/accepting")?);
            replicas.push((service, addresses));
        }
        let addresses: Table = SERVICES
            .iter()
            .zip(&balancers)
            .map(|(service, balancer)| {
                let address = format!("http://{}", balancer.address);
                ((*service).to_owned(), Value::String(address))
            })
            .collect();
        let mut members = Vec::new();
        for (service, listen) in replicas {
            for (place, listen) in listen.into_iter().enumerate() {
                let name = format!("{service}-{place}");
                let settings = changed(&data, service, &name, listen, "peers", &addresses)?;
                members.push(Member::new(service, listen, settings));
            }
        }
        let doors = (0..REPLICAS)
            .map(|_| launch::free_address())
            .collect::<Result<Vec<_>>>()?;
        for (place, listen) in doors.iter().enumerate() {
            let name = format!("gateway-{place}");
            let settings = changed(&data, "gateway", &name, *listen, "upstreams", &addresses)?;
            members.push(Member::new("gateway", *listen, settings));
        }
        balancers.push(Balancer::over(gateway, doors, "/health/accepting")?);
        // As `helder up` does, for commands that look there.
        fs::write(data.join("address"), format!("http://{gateway}\n"))?;
        Ok(Self {
            folder: folder.to_owned(),
            members,
            bucket: kept.bucket.clone(),
            _balancers: balancers,
        })
    }

    /// Starts everything that does not run, with the `[telemetry]` and the `[limits]` of services that stand in `helder.toml` of the
    /// data folder.
    pub(crate) fn start(&mut self) -> Result<()> {
        let common = self.folder.join("data/helder.toml");
        if common.is_file() {
            let told = read(&common)?;
            for member in &self.members {
                let mut table = read(&member.settings)?;
                for part in ["telemetry", "limits"] {
                    let is_for_it = part == "telemetry" || member.service != "gateway";
                    if let Some(told) = told.get(part).filter(|_| is_for_it) {
                        table.insert(part.to_owned(), told.clone());
                    }
                }
                fs::write(&member.settings, table.to_string())?;
            }
        }
        for member in &mut self.members {
            if member.child.is_none() {
                member.start(&self.folder, self.bucket.as_ref())?;
            }
        }
        Ok(())
    }

    /// A process that ended though nobody asked it to.
    pub(crate) fn ended(&mut self) -> Result<Option<String>> {
        for member in &mut self.members {
            if let Some(status) = member.child.as_mut().and_then(|c| c.try_wait().transpose()) {
                return Ok(Some(format!("{} ended with {}", member.service, status?)));
            }
        }
        Ok(None)
    }

    /// Kills all at once.
    pub(crate) fn kill(&mut self) -> Result<()> {
        for member in &mut self.members {
            if let Some(child) = &mut member.child {
                child.kill()?;
            }
        }
        for member in &mut self.members {
            if let Some(mut child) = member.child.take() {
                child.wait()?;
            }
        }
        Ok(())
    }

    /// Asks the gateways to stop and then the services, which answer until nobody asks any more; gives whether all ended well within
    /// `limit`.
    pub(crate) async fn stop(&mut self, limit: Duration) -> Result<bool> {
        let start = Instant::now();
        let mut good = true;
        for is_gateway in [true, false] {
            let those = |it: &&mut Member| (it.service == "gateway") == is_gateway;
            let members = self.members.iter_mut().filter(those);
            let mut ending: Vec<_> = members.filter_map(|it| it.child.take()).collect();
            for child in &ending {
                Command::new("kill").arg(child.id().to_string()).status()?;
            }
            for child in &mut ending {
                good &= launch::ended_well(child, limit.saturating_sub(start.elapsed())).await?;
            }
        }
        Ok(good)
    }

    /// Restarts every replica of these services, one after the other, as a rolling update does: the next goes when the one before
    /// is ready again. `change` may write its settings anew meanwhile.
    pub(crate) async fn roll(
        &mut self,
        services: &[&str],
        change: impl Fn(&str, &mut Table),
    ) -> Result<()> {
        for place in 0..self.members.len() {
            let member = &mut self.members[place];
            if !services.contains(&member.service.as_str()) {
                continue;
            }
            let mut table = read(&member.settings)?;
            change(&member.service, &mut table);
            fs::write(&member.settings, table.to_string())?;
            member.former = None;
            if let Some(mut child) = member.child.take() {
                Command::new("kill").arg(child.id().to_string()).status()?;
                while child.try_wait()?.is_none() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            member.start(&self.folder, self.bucket.as_ref())?;
            let (listen, folder) = (self.members[place].listen, self.folder.clone());
            launch::ready(&folder, listen, || self.ended()).await?;
            // As long as the balancer takes to see it.
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Ok(())
    }

    /// Process numbers of all but the gateways.
    pub(crate) fn service_pids(&self) -> Vec<u32> {
        let services = self.members.iter().filter(|m| m.service != "gateway");
        let children = services.filter_map(|m| m.child.as_ref());
        children.map(Child::id).collect()
    }

    /// Process numbers.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let children = self.members.iter().filter_map(|m| m.child.as_ref());
        children.map(Child::id).collect()
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        // What has ended already cannot be killed, and is gone either way.
        let _ = self.kill();
    }
}

impl Member {
    fn new(service: &str, listen: SocketAddr, settings: PathBuf) -> Self {
        Self {
            service: service.to_owned(),
            listen,
            settings,
            former: former(),
            child: None,
        }
    }

    fn start(&mut self, folder: &Path, bucket: Option<&Bucket>) -> Result<()> {
        let name = format!("helder-{}", self.service);
        let program = match &self.former {
            Some(folder) => folder.join(name),
            None => helder()?.with_file_name(name),
        };
        if !program.is_file() {
            return Err(TestkitError::NoBinary(program));
        }
        let log = launch::log(folder)?;
        let mut command = Command::new(program);
        if let Some(bucket) = bucket {
            bucket.lead(&mut command);
        }
        let child = command
            .arg(&self.settings)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.child = Some(child);
        Ok(())
    }
}

/// The settings of `program` with another address to listen on and others' addresses replaced, under a new name.
fn changed(
    data: &Path,
    program: &str,
    name: &str,
    listen: SocketAddr,
    others: &str,
    addresses: &Table,
) -> Result<PathBuf> {
    let mut table = read(&data.join(format!("{program}.toml")))?;
    table.insert("listen".to_owned(), listen.to_string().into());
    // The balancers look ten times a second.
    table.insert("drain_s".to_owned(), 1.into());
    if let Some(Value::Table(known)) = table.get_mut(others) {
        for (name, address) in known {
            *address = addresses[name].clone();
        }
    }
    let path = data.join(format!("{name}.toml"));
    fs::write(&path, table.to_string())?;
    Ok(path)
}

fn read(settings: &Path) -> Result<Table> {
    fs::read_to_string(settings)?
        .parse()
        .map_err(|error: toml::de::Error| TestkitError::NoSettings(error.to_string()))
}
