#!/bin/bash
# Looks at random for inputs that break a law which the suite checks with the same inputs each time. An input that is
# found is printed; it belongs in the test as an @example.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
./interstice test --hypothesis-profile=nightly -m hypothesis --timeout 3600 "$@"
