"""From a story and facts to channels, with reasons, basis, clocks and papers."""
