import Attacks
import Layers

/// An ``Exposure`` as options and files say it.
///
/// | regime | base | foreign |
/// |---|---|---|
/// | clean training | clean | none |
/// | adversarial training | adversarial | none |
/// | c/+p_k | clean | adversarial, from epoch k |
/// | p/+c_k | adversarial | clean, from epoch k |
///
/// The defaults of the attack are the paper's adversarial training: FGSM with ε = 2/255.
public struct ExposureRecipe: Codable, Sendable, Equatable {
  public enum Kind: String, Codable, Sendable, CaseIterable {
    case clean, adversarial, inverted
    case uniformNoise = "uniform-noise"
    case gaussianNoise = "gaussian-noise"
  }

  /// The attack of whatever is adversarial.
  public struct Attack: Codable, Sendable, Equatable {
    public enum Method: String, Codable, Sendable, CaseIterable { case fgsm, pgd }

    public var method = Method.fgsm
    /// In pixel units, 0 ... 1; in normalised units under ``ReleasedProtocol/normalizedClamp``.
    public var epsilon = 2.0 / 255
    /// PGD only, in the units of ε.
    public var stepSize = 0.01
    /// PGD only.
    public var steps = 7

    public init() {}
  }

  /// How every batch is shown that is not foreign.
  public var base = Kind.clean
  /// How foreign batches are shown; nil for none.
  public var foreign: Kind?
  public var attack = Attack()
  /// Standard deviation of the Gaussian noise, in pixel units.
  public var noiseDeviation = 0.1
  /// When foreign batches come.
  public var schedule = ForeignSchedule()
  /// Defects of the release that the attack in training has. Empty: none.
  public var released: ReleasedProtocol = []

  public init() {}

  public init(_ base: Kind, foreign: Kind? = nil, schedule: ForeignSchedule = ForeignSchedule()) {
    self.base = base
    self.foreign = foreign
    self.schedule = schedule
  }

  /// - Parameters:
  ///   - normalization: the network's, which only ``ReleasedProtocol/normalizedClamp`` uses.
  /// - Throws: ``ExposureRecipeError`` that names the field and what it takes.
  public func exposure(
    epochs: Int, batchesPerEpoch: Int, normalization: PixelNormalization
  ) throws(ExposureRecipeError) -> Exposure {
    try check(epochs: epochs, batchesPerEpoch: batchesPerEpoch)
    return Exposure(
      presentation(base, normalization),
      foreign: foreign.map {
        .init(
          presentation($0, normalization), schedule, batchesPerEpoch: batchesPerEpoch)
      })
  }

  private func presentation(_ kind: Kind, _ normalization: PixelNormalization) -> Presentation {
    switch kind {
    case .clean: .clean
    case .adversarial where released.isEmpty: .adversarial(attack.attack)
    case .adversarial: .asReleased(attack.released(released, normalization))
    case .inverted: .inverted
    case .uniformNoise: .uniformNoise
    case .gaussianNoise: .gaussianNoise(deviation: noiseDeviation)
    }
  }
}

extension ExposureRecipe.Attack {
  /// The attack, done right.
  public var attack: any Attacks.Attack {
    switch method {
    case .fgsm: FGSM(epsilon: epsilon)
    case .pgd: PGD(.linf(epsilon), stepSize: stepSize, steps: steps)
    }
  }

  /// The attack with the given defects of the release.
  public func released(
    _ parts: ReleasedProtocol, _ normalization: PixelNormalization
  ) -> ReleasedAttack {
    ReleasedAttack(
      method == .fgsm ? .fgsm : .pgd(stepSize: stepSize, steps: steps), epsilon: epsilon,
      parts: parts, normalization: normalization)
  }
}
