//! Accessible HTML pages with inline SVG charts, Dutch and English.
