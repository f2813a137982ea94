import Foundation
import Torch

/// By what, when and where a record was made: the first four entries of every record.
enum Provenance {
  static var now: (spikeguard: String, engine: String, created: String, machine: Machine) {
    (
      Spikeguard.version, Engine.version, ISO8601DateFormatter().string(from: Date()),
      Machine.current
    )
  }
}
