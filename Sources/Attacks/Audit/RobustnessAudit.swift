import Torch

/// Asks whether a robustness number can be believed: attacks in pairs that should agree, and questions to the classifier
/// that a function of the image alone answers in one way only.
public struct RobustnessAudit: Sendable {
  public let plan: AuditPlan
  /// Every attack draws from a generator of its own with this seed, so attacks that are compared start alike.
  public let seed: UInt64

  public init(_ plan: AuditPlan, seed: UInt64 = 0) {
    self.plan = plan
    self.seed = seed
  }

  /// What goes on, after each batch.
  public struct Progress: Sendable {
    /// The attack.
    public let title: String
    /// From 1.
    public let part: Int
    public let parts: Int
    public let images: Int
    public let imagesInAll: Int
  }

  /// Images that the classifier itself is asked about; its checks are of all or nothing, a few suffice.
  static let probed = 32

  /// - Parameters:
  ///   - batches: of any sizes.
  ///   - progress: called after each batch of each attack.
  ///   - inspect: flags of checks that are made elsewhere, as layer by layer, on images that are classified
  ///     correctly; not called where none is.
  /// - Throws: ``AttackError`` from an attack, or when images, labels or logits cannot be used.
  public func callAsFunction(
    _ subject: AuditSubject, on batches: [LabeledImages],
    progress: (Progress) -> Void = { _ in },
    inspect: (LabeledImages) throws(AttackError) -> [AuditFlag] = { _ in [] }
  ) throws(AttackError) -> AuditReport {
    for batch in batches { try checkPreconditions(images: batch.images, labels: batch.labels) }
    let first = batches.first { $0.images.size(0) > 0 }?.images
    guard let first else { return try report([], nil, [], draws: 1, why: "there is no image") }
    let probe = ClassifierProbe(
      makeClassifier: subject.makeClassifier,
      images: first[0..<min(first.size(0), Self.probed)].detached())
    let (repeated, memory) = probe.repetition()
    var flags = repeated
    let isRandom = memory == .draws || memory == .seededDraws
    let draws = isRandom ? plan.draws : 1
    let audited = try AuditedImages(
      batches, Self.mean(subject.makeClassifier, draws: draws)(),
      passes: isRandom ? plan.scoringPasses : 1, seed: seed)
    if let correct = audited.batches.first { flags += try inspect(correct) }
    guard memory != .state else {
      return try report(
        batches, audited, flags, draws: 1, why: "no attack means anything while state leaks")
    }
    flags += Self.questions(probe, memory, seed: seed)
    guard audited.count > 0 else {
      return try report(batches, audited, flags, draws: draws, why: "no image is correct")
    }
    guard try addGradients(audited, &flags) else {
      return try report(batches, audited, flags, draws: draws, why: "there is no gradient at all")
    }
    let classes = probe.ask(subject.makeClassifier(), probe.images[0..<1]).size(1)
    return try withoutActuallyEscaping(progress) {
      (progress) throws(AttackError) -> AuditReport in
      var run = Run(
        isRandom ? plan.runningToTheEnd() : plan, subject, audited, draws: draws,
        classes: classes, progress: progress)
      flags += try run.flags()
      return AuditReport(
        threat: plan.threat, seed: seed, images: audited.total, cleanCorrect: audited.count,
        own: run.own, all: run.all, draws: draws, outcomes: run.outcomes,
        curve: run.curve, flags: flags,
        whyMissing: "not part of this audit")
    }
  }

  private static func questions(
    _ probe: ClassifierProbe, _ memory: ClassifierProbe.Memory, seed: UInt64
  ) -> [AuditFlag] {
    let input = InputProbe(probe, seed: seed)
    let (quantized, rounded) = input.quantized()
    return [
      memory == .draws
        ? AuditFlag(.batchDependence, notMeasured: "random numbers without a seed are in the way")
        : probe.batchDependence(),
      probe.softmaxOutput(), quantized, input.clamped(except: rounded),
    ]
  }

  /// False where the classifier cannot be differentiated, which is a flag and not an error.
  private func addGradients(
    _ audited: AuditedImages, _ flags: inout [AuditFlag]
  ) throws(AttackError) -> Bool {
    var probe = GradientProbe()
    do throws(AttackError) {
      for batch in audited.batches { try probe.add(batch, audited.classifier) }
    } catch {
      guard error.saysNoGradient else { throw error }
      flags.append(
        AuditFlag(.zeroGradients, audited.count, of: audited.count, detail: "\(error)"))
      return false
    }
    flags += probe.flags
    return true
  }

  /// Where the attacks were not run.
  private func report(
    _ batches: [LabeledImages], _ audited: AuditedImages?, _ flags: [AuditFlag], draws: Int,
    why: String
  ) throws(AttackError) -> AuditReport {
    AuditReport(
      threat: plan.threat, seed: seed,
      images: audited?.total ?? batches.reduce(0) { $0 + $1.images.size(0) },
      cleanCorrect: audited?.count ?? 0, own: nil, all: nil, draws: draws, outcomes: [],
      curve: [], flags: flags, whyMissing: why)
  }

  /// Answers that are means over several draws.
  static func mean(
    _ make: @escaping @Sendable () -> Classifier, draws: Int
  ) -> @Sendable () -> Classifier {
    guard draws > 1 else { return make }
    return {
      let classifier = make()
      return { images in
        var sum = classifier(images)
        for _ in 1..<draws { sum = sum + classifier(images) }
        return sum / Double(draws)
      }
    }
  }
}

extension AttackError {
  /// Whether the complaint is that nothing can be differentiated.
  var saysNoGradient: Bool {
    switch self {
    case .unusable(.logits, _, "one cut from the graph", _), .engine: true
    default: false
    }
  }
}
