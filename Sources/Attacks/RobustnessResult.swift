/// What an evaluation found: every image is counted, and robust accuracy is the primary number.
public struct RobustnessResult: Codable, Equatable, Sendable {
  /// Every attack drew from a generator of its own with this seed.
  public let seed: UInt64
  public let labels: [Int]
  /// The class predicted for each unchanged image.
  public let cleanPredictions: [Int]
  /// Clean-correct images of all.
  public let cleanAccuracy: BinomialInterval
  /// Seconds spent on the clean predictions.
  public let cleanSeconds: Double
  /// In the order of the evaluation's attacks.
  public let attacks: [AttackEvaluation]
  /// Images that are clean-correct and that *no* attack fooled, of all.
  public let worstCaseAccuracy: BinomialInterval

  /// Images evaluated.
  public var total: Int { labels.count }
  public var cleanCorrect: Int { cleanAccuracy.successes }
  /// Whether each image survived every attack (and was classified correctly to begin with).
  public var survived: [Bool] {
    labels.indices.map { index in
      cleanPredictions[index] == labels[index] && !attacks.contains { $0.fooled[index] }
    }
  }

  init(
    seed: UInt64, labels: [Int], cleanPredictions: [Int], cleanSeconds: Double,
    attacks: [AttackEvaluation]
  ) {
    self.seed = seed
    self.labels = labels
    self.cleanPredictions = cleanPredictions
    self.cleanSeconds = cleanSeconds
    self.attacks = attacks
    let correct = zip(labels, cleanPredictions).map { $0 == $1 }
    cleanAccuracy = .wilson(successes: correct.count { $0 }, trials: labels.count)
    worstCaseAccuracy = .wilson(
      successes: labels.indices.count { index in
        correct[index] && !attacks.contains { $0.fooled[index] }
      }, trials: labels.count)
  }
}

/// What one attack did to the images that were classified correctly.
public struct AttackEvaluation: Codable, Equatable, Sendable {
  public let name: String
  public let threat: ThreatModel
  /// Images that are clean-correct and still correct under this attack, of *all* images.
  public let robustAccuracy: BinomialInterval
  /// Whether each image was clean-correct and is misclassified under this attack.
  public let fooled: [Bool]
  /// The class predicted under attack; for an image that was misclassified anyway, and so not attacked,
  /// the clean prediction.
  public let predictions: [Int]
  /// Seconds spent on the attack and on scoring its images.
  public let seconds: Double
  /// Summed over the batches. The evaluation's own forward passes are not in it.
  public let report: AttackReport

  /// Images correct under this attack.
  public var robustCorrect: Int { robustAccuracy.successes }

  /// The literature's attack success rates. They differ: always say which one a number is.
  public enum SuccessRate: Sendable, CaseIterable {
    /// Fooled images of those that were clean-correct. (RGA, HART. PDSG's relative drop of accuracy,
    /// (clean − robust)/clean, is the same number when misclassified images are not attacked.)
    case amongCleanCorrect
    /// Misclassified images of all, clean errors included: 1 − robust accuracy. (ASSG.)
    case amongAll
  }

  /// An attack success rate in 0 ... 1, or nil when there was no image to count.
  public func attackSuccessRate(_ definition: SuccessRate) -> Double? {
    let fooledCount = fooled.count { $0 }
    let (successes, trials) =
      switch definition {
      case .amongCleanCorrect: (fooledCount, fooledCount + robustCorrect)
      case .amongAll: (fooled.count - robustCorrect, fooled.count)
      }
    return trials == 0 ? nil : Double(successes) / Double(trials)
  }
}
