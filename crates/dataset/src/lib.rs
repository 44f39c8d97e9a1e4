//! From messy extract to typed, checked table: reading, contracts, quarantine, quality, recipes.
