/// Accuracy against ε: one attack at several radii.
///
/// Every radius is measured for itself, on all clean-correct images. A larger ε that fools *fewer* images is
/// possible, and is a symptom to look at (Athalye et al. 2018, section 3.1); nothing here hides it.
public struct EpsilonSweep: Sendable {
  /// In pixel units, in the order given.
  public let epsilons: [Double]
  /// The same attack at each ε, and the seed.
  public let evaluation: RobustnessEvaluation

  /// - Parameter attack: the attack at an ε; its step size may depend on it.
  public init(_ epsilons: [Double], seed: UInt64 = 0, attack: (Double) -> any Attack) {
    self.epsilons = epsilons
    evaluation = RobustnessEvaluation(attacks: epsilons.map(attack), seed: seed)
  }

  /// One point of the curve.
  public struct Point: Codable, Equatable, Sendable {
    public let epsilon: Double
    public let robustAccuracy: BinomialInterval
  }

  /// Measures the curve; the classifier's clean predictions are made once.
  ///
  /// - Parameters:
  ///   - batches: read once.
  ///   - progress: called after each batch.
  /// - Throws: ``AttackError`` as ``RobustnessEvaluation`` does.
  public func callAsFunction(
    _ classifier: Classifier, on batches: some Sequence<LabeledImages>,
    progress: (RobustnessEvaluation.Progress) -> Void = { _ in }
  ) throws(AttackError) -> (curve: [Point], result: RobustnessResult) {
    let result = try evaluation(classifier, on: batches, progress: progress)
    let curve = zip(epsilons, result.attacks).map {
      Point(epsilon: $0, robustAccuracy: $1.robustAccuracy)
    }
    return (curve, result)
  }
}
