// SPDX-License-Identifier: Apache-2.0
// libyaml's header, found where the distribution puts it (Debian: libyaml-dev).
#include <yaml.h>
