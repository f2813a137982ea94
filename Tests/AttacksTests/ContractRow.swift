import Attacks
import Testing
import Torch

/// One attack under contract. A new attack is done when its row passes ``AttackContractTests``.
struct ContractRow: CustomTestStringConvertible, Sendable {
  /// Whether what happens to an image depends on the others in its batch.
  enum BatchDependence {
    /// Not at all, but for rounding: an image alone fares as in company.
    case none
    /// Through the random numbers only, which are drawn for the whole batch: other neighbours change nothing.
    case randomNumbers
    /// Which images survive decides what random numbers the others get.
    case survivors
  }

  /// What an attack differentiates.
  enum Gradients { case ofClassifier, ofAnother, ofNothing }

  let label: String
  /// The attack at an ε, with settings strong enough to reach a linear model's optimum.
  let make: @Sendable (Double) -> any Attack
  /// Whether the result depends on the generator.
  var isRandom = true
  /// The fewest classes that it can be used on.
  var classes = 2
  /// What it differentiates.
  var gradients = Gradients.ofClassifier
  /// Whether it finds the worst case of a linear model.
  var reachesLinearOptimum = true
  /// What never gets smaller than on the image itself; nil for attacks that return their last iterate.
  var keeps: AttackLoss?
  var batch: BatchDependence = .randomNumbers
  /// Whether images must be `[B, C, H, W]`.
  var needsPictures = false

  var testDescription: String { label }
  var norm: ThreatModel.Norm { make(0.5).threat.norm }

  static let all = oneStep + projected + automatic + nearest + blind + squares + suites + combined

  static let oneStep: [ContractRow] = [
    ContractRow(label: "FGSM", make: { FGSM(epsilon: $0) }, isRandom: false, batch: .none),
    ContractRow(label: "R-FGSM", make: { RFGSM(epsilon: $0) }, reachesLinearOptimum: false),
  ]

  static let projected: [ContractRow] = [
    ContractRow(
      label: "PGD L∞", make: { PGD(.linf($0), stepSize: max($0 / 4, 1e-3), steps: 12) }),
    ContractRow(
      label: "PGD L∞ from the image",
      make: { PGD(.linf($0), stepSize: max($0 / 4, 1e-3), steps: 5, start: .image) },
      isRandom: false, batch: .none),
    ContractRow(
      label: "PGD L∞ restarts",
      make: { PGD(.linf($0), stepSize: max($0 / 4, 1e-3), steps: 12, restarts: 3) },
      batch: .survivors),
    ContractRow(label: "PGD L2", make: { PGD(.l2($0), stepSize: max($0 / 2, 1e-3), steps: 40) }),
    ContractRow(
      label: "PGD L2 restarts",
      make: { PGD(.l2($0), stepSize: max($0 / 2, 1e-3), steps: 40, restarts: 3) },
      batch: .survivors),
    ContractRow(label: "BIM", make: { BIM(epsilon: $0) }, isRandom: false, batch: .none),
    ContractRow(label: "MI-FGSM", make: { MIFGSM(epsilon: $0) }, isRandom: false, batch: .none),
  ]

  static let automatic: [ContractRow] = [
    ContractRow(
      label: "APGD-CE L∞", make: { APGD(.linf($0), steps: 10) }, keeps: .crossEntropy),
    ContractRow(label: "APGD-CE L2", make: { APGD(.l2($0), steps: 50) }, keeps: .crossEntropy),
    ContractRow(
      label: "APGD-DLR L∞", make: { APGD(.linf($0), loss: .logitRatio, steps: 10) }, classes: 3,
      keeps: .logitRatio),
    ContractRow(
      label: "APGD-DLR L2 restarts",
      make: { APGD(.l2($0), loss: .logitRatio, steps: 50, restarts: 2) }, classes: 3,
      keeps: .logitRatio, batch: .survivors),
    ContractRow(
      label: "APGD-margin L∞ that stops",
      make: { APGD(.linf($0), loss: .margin, steps: 10, restarts: 3, dropsFooledImages: true) },
      reachesLinearOptimum: false, keeps: .margin, batch: .survivors),
    ContractRow(
      label: "APGD-T L∞", make: { TargetedAPGD(.linf($0), steps: 10) }, classes: 4, keeps: .margin,
      batch: .survivors),
    ContractRow(
      label: "APGD-T L2", make: { TargetedAPGD(.l2($0), steps: 50, targets: 2, restarts: 2) },
      classes: 4, keeps: .margin, batch: .survivors),
    ContractRow(label: "SA-PGD", make: { SAPGD(.linf($0), steps: 10) }, keeps: .crossEntropy),
    ContractRow(
      label: "SA-PGD restarts", make: { SAPGD(.linf($0), steps: 10, restarts: 3) },
      keeps: .crossEntropy, batch: .survivors),
  ]

  static let blind: [ContractRow] =
    [ThreatModel.Norm.linf, .l2].flatMap { norm in
      [
        RandomNoise.Distribution.gaussian(standardDeviation: 0.1), .uniform, .corner,
      ].map { distribution in
        ContractRow(
          label: "\(norm) noise, \(distribution)",
          make: { RandomNoise(ThreatModel(norm, epsilon: $0), distribution, samples: 3) },
          gradients: .ofNothing, reachesLinearOptimum: false, keeps: .crossEntropy,
          batch: .survivors)
      }
    }

  /// They return errors only, near the boundary.
  static let nearest: [ContractRow] =
    ThreatModel.Norm.allCases.flatMap { norm in
      [
        ContractRow(
          label: "\(norm) FAB", make: { FAB(ThreatModel(norm, epsilon: $0), steps: 4) },
          isRandom: false, reachesLinearOptimum: false, keeps: .margin, batch: .none),
        ContractRow(
          label: "\(norm) FAB-T", make: { TargetedFAB(ThreatModel(norm, epsilon: $0), steps: 4) },
          isRandom: false, reachesLinearOptimum: false, keeps: .margin, batch: .none),
      ]
    }

  static let squares: [ContractRow] = [
    ContractRow(
      label: "Square L∞", make: { Square(.linf($0), queries: 10) }, gradients: .ofNothing,
      reachesLinearOptimum: false, keeps: .margin, needsPictures: true),
    ContractRow(
      label: "Square L2 restarts",
      make: { Square(.l2($0), queries: 10, rescalesSchedule: true, restarts: 2) },
      gradients: .ofNothing, reachesLinearOptimum: false, keeps: .margin, batch: .survivors,
      needsPictures: true),
  ]

  static let suites: [ContractRow] = [
    ContractRow(
      label: "AutoAttack",
      make: { AutoAttack.standard(.linf($0), steps: 3, targets: 2, queries: 5) },
      classes: 4, reachesLinearOptimum: false, keeps: .margin, batch: .survivors,
      needsPictures: true),
    ContractRow(
      label: "AutoAttack rand", make: { AutoAttack.rand(.l2($0), steps: 3, draws: 2) }, classes: 3,
      reachesLinearOptimum: false, keeps: .margin, batch: .survivors),
    ContractRow(
      label: "AutoAttack untargeted",
      make: { AutoAttack.untargeted(.l2($0), steps: 3, queries: 5) },
      reachesLinearOptimum: false, keeps: .margin, batch: .survivors, needsPictures: true),
  ]

  static let combined: [ContractRow] = [
    ContractRow(
      label: "EOT PGD",
      make: {
        ExpectationOverTransformation(
          PGD(.linf($0), stepSize: max($0 / 4, 1e-3), steps: 12), draws: 2)
      }),
    ContractRow(
      label: "sequence",
      make: { AttackSequence(name: "two", [FGSM(epsilon: $0), APGD(.linf($0), steps: 10)]) },
      reachesLinearOptimum: false, batch: .survivors),
    ContractRow(
      label: "through a source",
      make: {
        AttackThroughSource(
          APGD(.linf($0), steps: 10),
          through: GradientSource(name: "another", isSubstitute: true) { substitute })
      }, gradients: .ofAnother, reachesLinearOptimum: false, keeps: .crossEntropy),
    ContractRow(
      label: "transfer",
      make: {
        Transfer(
          PGD(.linf($0), stepSize: max($0 / 4, 1e-3), steps: 12),
          from: GradientSource(name: "another") { substitute })
      }, gradients: .ofAnother, reachesLinearOptimum: false),
  ]

  /// A linear model of four classes for images of any shape and type.
  private static let substitute: @Sendable (Tensor) -> Tensor = { images in
    let pixels = images.shape.dropFirst().reduce(1, *)
    return LinearModel(classes: 4, pixels: pixels, seed: 77, dtype: images.dtype)(images)
  }
}
