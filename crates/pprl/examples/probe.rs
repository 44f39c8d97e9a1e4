#![allow(clippy::all, clippy::pedantic, clippy::unwrap_used, reason = "probe")]
#[path = "../../record-linkage/tests/support/mod.rs"]
mod support;
use std::collections::{HashMap,HashSet};
use helder_pprl::*;
use helder_record_linkage::spec::Assignment;
use support::{read_parquet, read_csv};
fn main(){
  let folder=std::path::PathBuf::from("/work/shared/data/linkage");
  let read = |name: &str| read_parquet(&folder.join("nl100k_hoog").join(name), "person_id");
  let (l,r)=(read("a.parquet"),read("b.parquet"));
  let key = ProjectKey::new("measuring", std::array::from_fn(|i| (i * 91 + 5) as u8)).unwrap();
  let enc=|n:u8,t:&support::Labelled|{let mut b=Vec::new();let c=Columns::guess(t.table.names());let e=encode(&key,[n;16],&c,Options::default(),&t.table,&mut b).unwrap();let rows:HashMap<u64,u32>=e.tokens.into_iter().zip(0..).collect();(Encoding::read(b).unwrap(),rows)};
  let (a,ar)=enc(1,&l);let (b,br)=enc(2,&r);
  let mut by=HashMap::new(); for (i,t) in l.truth.iter().enumerate(){by.insert(t.clone(),i as u32);}
  let truth:HashSet<(u32,u32)>=r.truth.iter().enumerate().filter_map(|(j,t)|by.get(t).map(|i|(*i,j as u32))).collect();
  // rule coverage of true pairs
  let rev=|m:&HashMap<u64,u32>|{m.iter().map(|(k,v)|(*v,*k)).collect::<HashMap<_,_>>()};
  let pos=|e:&Encoding|{(0..e.n_rows()).map(|i|(e.token(i),i)).collect::<HashMap<_,_>>()};
  let (av,bv,ap,bp)=(rev(&ar),rev(&br),pos(&a),pos(&b));
  let slots=a.header().slots.clone();
  let mut masks:HashMap<u32,u64>=HashMap::new();
  for (i,j) in &truth{let x=ap[&av[i]];let y=bp[&bv[j]];let mut m=0u32;
    for s in 0..slots.len(){for t in 0..slots.len(){if a.tag(x,s)==b.tag(y,t){m|=1<<slots.iter().position(|q|q.rule==slots[s].rule).unwrap();}}}
    *masks.entry(m).or_default()+=1;}
  let n=truth.len() as f64;
  println!("true {} missed {}",n, masks.get(&0).copied().unwrap_or(0));
  for s in 0..slots.len(){let only:u64=masks.iter().filter(|(m,_)|**m==1<<s).map(|x|*x.1).sum();let all:u64=masks.iter().filter(|(m,_)|*m>>s&1==1).map(|x|*x.1).sum();println!("{:?} all {:.4} only {:.5}",slots[s],all as f64/n,only as f64/n);}
  let res=link(&a,&b,LinkOptions{assignment:Assignment::All,threshold:1e-15,..Default::default()}).unwrap();
  println!("pairs {} links {}",res.pairs,res.links.len());
  for bl in &res.convergence.blocks{println!("{:?}",bl);}
  println!("iter {} conv {}",res.convergence.iterations,res.convergence.converged);
  let mut shown=0;
  let res=link(&a,&b,LinkOptions{assignment:Assignment::OneLeftPerRight,..Default::default()}).unwrap();
  let linked:HashSet<(u32,u32)>=res.links.iter().map(|x|(ar[&x.left],br[&x.right])).collect();
  let tx=|t:&support::Labelled,i:u32|{["voornamen","voorvoegsel","geslachtsnaam","geslachtsnaam_partner","geboortedatum","geslacht","postcode","huisnummer","toevoeging","woonplaats"].iter().map(|c|{let c=t.table.column(c).unwrap();c.text(c.codes()[i as usize]).unwrap_or("-").to_owned()}).collect::<Vec<_>>().join("|")};
  let mut cats:HashMap<&str,u64>=HashMap::new();
  for (i,j) in &truth{ if !linked.contains(&(*i,*j)){
     let x=ap[&av[i]];let y=bp[&bv[j]];
     let cand=(0..slots.len()).any(|s|(0..slots.len()).any(|t|a.tag(x,s)==b.tag(y,t)));
     *cats.entry(if cand{"scored low"}else{"not candidate"}).or_default()+=1;
     shown+=1; if shown%100==0{println!("{} \n   {}\n   {}",if cand{"LOW"}else{"NOCAND"},tx(&l,*i),tx(&r,*j));}
  }}
  println!("{cats:?}");
}
