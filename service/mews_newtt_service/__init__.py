"""The scoring service: it parses, calls one public function of the library, and renders. It knows no clinical rule of its own."""
