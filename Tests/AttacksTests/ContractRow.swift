import Attacks
import Testing
import Torch

/// One attack under contract. A new attack is done when its row passes ``AttackContractTests``.
struct ContractRow: CustomTestStringConvertible, Sendable {
  let label: String
  /// The attack at an ε, with settings strong enough to reach a linear model's optimum.
  let make: @Sendable (Double) -> any Attack
  /// Whether the result depends on the generator.
  let isRandom: Bool

  var testDescription: String { label }
  var norm: ThreatModel.Norm { make(0.5).threat.norm }

  static let all: [ContractRow] = [
    ContractRow(label: "FGSM", make: { FGSM(epsilon: $0) }, isRandom: false),
    ContractRow(
      label: "PGD L∞", make: { PGD(.linf($0), stepSize: max($0 / 4, 1e-3), steps: 12) },
      isRandom: true),
    ContractRow(
      label: "PGD L∞ from the image",
      make: { PGD(.linf($0), stepSize: max($0 / 4, 1e-3), steps: 5, start: .image) },
      isRandom: false),
    ContractRow(
      label: "PGD L∞ restarts",
      make: { PGD(.linf($0), stepSize: max($0 / 4, 1e-3), steps: 12, restarts: 3) },
      isRandom: true),
    ContractRow(
      label: "PGD L2", make: { PGD(.l2($0), stepSize: max($0 / 2, 1e-3), steps: 40) },
      isRandom: true),
    ContractRow(
      label: "PGD L2 restarts",
      make: { PGD(.l2($0), stepSize: max($0 / 2, 1e-3), steps: 40, restarts: 3) },
      isRandom: true),
  ]
}
