#pragma once

// Everything of prun but <prun/serialize.hpp>, which needs cereal.
#include <prun/buffer.hpp>
#include <prun/call_site.hpp>
#include <prun/clock.hpp>
#include <prun/communicator.hpp>
#include <prun/datatype.hpp>
#include <prun/deadline.hpp>
#include <prun/environment.hpp>
#include <prun/error.hpp>
#include <prun/farm.hpp>
#include <prun/layout.hpp>
#include <prun/op.hpp>
#include <prun/request.hpp>
#include <prun/status.hpp>
#include <prun/version.hpp>
