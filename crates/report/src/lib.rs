#![doc = include_str!("../README.md")]

pub mod chart;
pub mod number;
pub mod page;
pub mod section;
pub mod table;
pub mod text;

pub use chart::{
    BarChart, CalibrationPlot, CalibrationPoint, Chart, ForestChart, HeatMap, Histogram,
    IntervalChart, IntervalRow, LineChart, PairedBarChart, Series, TreeChart, TreeRow, Waterfall,
};
pub use page::{CONTENT_SECURITY_POLICY, Page};
pub use section::{KeyFigure, Section};
pub use table::{Cell, Table};
pub use text::Text;
