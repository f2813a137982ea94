public import Torch

/// Runs attacks one after the other on the images that survived all before, and says what is left after each.
///
/// Every image counts. Clean-correct images are attacked, survivors are packed into full chunks over the whole
/// data set, and an image leaves as soon as it is broken. A break counts only if a fresh call of the classifier, at
/// the image's own place (``PlacedScores``), says so too. Of an image that nothing broke, the changed image of
/// largest margin loss is kept, or the original where no attack came nearer to an error.
///
/// A random classifier is noticed (``ClassifierRandomness``): gradient stages then take means over `draws`
/// (``ExpectationOverTransformation``), and every score is the majority of `scoringPasses` fresh passes.
///
/// Random numbers depend on the seed, the stage and the chunk's first image alone, so an evaluation that is cut
/// after any chunk and goes on from its ``WorstCaseState`` ends with the same bits.
public struct WorstCaseEvaluation: Sendable {
  public let threat: ThreatModel
  /// In order: those that break most for least come first.
  public let stages: [AttackStage]
  public let seed: UInt64
  /// Images in a chunk.
  public let batchSize: Int
  /// m, draws for each gradient of a random classifier.
  public let draws: Int
  /// M, passes over which a random classifier is scored; at least 10 say something.
  public let scoringPasses: Int
  /// Seconds after which no further chunk begins; nil for no limit. It counts from the call, not from an earlier
  /// one that was cut.
  public var budget: Double?

  public init(
    _ threat: ThreatModel, stages: [AttackStage], seed: UInt64 = 0, batchSize: Int = 250,
    draws: Int = 20, scoringPasses: Int = 10, budget: Double? = nil
  ) {
    self.threat = threat
    self.stages = stages
    self.seed = seed
    self.batchSize = batchSize
    self.draws = draws
    self.scoringPasses = scoringPasses
    self.budget = budget
  }

  /// How far the work is, after each chunk.
  public struct Progress: Sendable {
    /// From 0; the number of stages once all are done.
    public let stage: Int
    /// Images of the stage that were attacked, and how many it began with.
    public let done: Int
    public let survivors: Int
    /// Images that are clean-correct and not broken yet.
    public let robust: Int
    public let images: Int
  }

  /// Evaluates a classifier, or goes on where an earlier call was cut.
  ///
  /// - Parameters:
  ///   - makeClassifier: the classifier, its own random numbers beginning at a seed; one that draws none ignores it.
  ///   - data: all images, `[N, ...]`.
  ///   - earlier: the state to go on from.
  ///   - afterChunk: told after the clean scores and after each chunk; false stops.
  /// - Throws: ``AttackError`` for input, settings, or a state of another evaluation; what `afterChunk` throws.
  public func callAsFunction(
    _ makeClassifier: (UInt64) -> Classifier, on data: LabeledImages,
    from earlier: WorstCaseState? = nil,
    afterChunk: (Progress, WorstCaseState) throws -> Bool = { _, _ in true }
  ) throws -> (result: WorstCaseResult, adversarial: Tensor) {
    let start = ContinuousClock.now
    try checkSettings()
    try checkPreconditions(images: data.images, labels: data.labels)
    var state: WorstCaseState
    var goesOn = true
    if let earlier {
      try check(earlier, data)
      state = earlier
    } else {
      state = try begin(makeClassifier, data)
      goesOn = try afterChunk(progress(of: state), state)
    }
    while goesOn, let chunk = state.record.nextChunk(of: batchSize) {
      if let budget, start.secondsUntilNow >= budget { break }
      try attack(Array(chunk), makeClassifier, data, &state)
      goesOn = try afterChunk(progress(of: state), state)
    }
    return (try result(of: state, makeClassifier, data), state.adversarial)
  }

  /// Clean scores, and whether the classifier is random.
  private func begin(
    _ makeClassifier: (UInt64) -> Classifier, _ data: LabeledImages
  ) throws(AttackError) -> WorstCaseState {
    let start = ContinuousClock.now
    let total = data.images.size(0)
    let source = ChunkRandomness(seed: seed, stage: -1, firstImage: 0)
    let randomness = try ClassifierRandomness.measured(
      of: makeClassifier(source.seed(.probing)), on: data.images[0..<min(batchSize, total)])
    let clean = try PlacedScores(
      of: data.images, at: Array(0..<total), in: data, batchSize: batchSize,
      passes: randomness.isRandom ? scoringPasses : 1, by: makeClassifier(Self.cleanSeed(seed)))
    let none = [Int?](repeating: nil, count: total)
    var record = WorstCaseState.Record(
      plan: plan, labels: data.labels.scalars(of: Int.self), randomness: randomness,
      cleanPredictions: clean.predictions, cleanShares: clean.shareCorrect,
      cleanSeconds: start.secondsUntilNow, brokenBy: none, keptFrom: none,
      predictions: clean.predictions, margins: clean.margins,
      tallies: Array(repeating: .init(), count: stages.count))
    record.closeFinishedStages()
    return WorstCaseState(record: record, adversarial: data.images.detached().copied())
  }

  /// One chunk of the current stage.
  private func attack(
    _ chunk: [Int], _ makeClassifier: (UInt64) -> Classifier, _ data: LabeledImages,
    _ state: inout WorstCaseState
  ) throws(AttackError) {
    let start = ContinuousClock.now
    let stage = state.record.stage
    let isRandom = state.record.randomness.isRandom
    let source = ChunkRandomness(seed: seed, stage: stage, firstImage: chunk[0])
    let rows = Tensor(chunk)
    let attack = stages[stage].attack(averagingOver: isRandom ? draws : nil)
    let found = try attack.run(
      data.images.gathering(rows), labels: data.labels.gathering(rows),
      against: makeClassifier(source.seed(.attackedClassifier)),
      using: Generator(seed: source.seed(.attack)))
    let scores = try PlacedScores(
      of: found.adversarial, at: chunk, in: data, batchSize: batchSize,
      passes: isRandom ? scoringPasses : 1, by: makeClassifier(source.seed(.scoring)))
    let kept = state.keep(scores, of: chunk, stage: stage)
    if !kept.isEmpty {
      state.adversarial = state.adversarial.replacing(
        Tensor(kept.map { chunk[$0] }), with: found.adversarial.gathering(Tensor(kept)))
    }
    state.record.done += chunk.count
    state.record.tallies[stage].attacked += chunk.count
    state.record.tallies[stage].cost.add(found.report)
    state.record.tallies[stage].seconds += start.secondsUntilNow
    state.record.closeFinishedStages()
  }

  private func progress(of state: WorstCaseState) -> Progress {
    let record = state.record
    return Progress(
      stage: record.stage, done: record.done,
      survivors: record.survivors(before: record.stage).count, robust: record.robust,
      images: record.labels.count)
  }
}

extension WorstCaseState {
  /// Takes what a stage made of a chunk into the record; which of the chunk's images are to be kept.
  fileprivate mutating func keep(_ scores: PlacedScores, of chunk: [Int], stage: Int) -> [Int] {
    var kept: [Int] = []
    for (index, image) in chunk.enumerated() {
      let isBroken = scores.predictions[index] != record.labels[image]
      guard isBroken || scores.margins[index] > record.margins[image] else { continue }
      if isBroken {
        record.brokenBy[image] = stage
        record.tallies[stage].broken += 1
      }
      record.keptFrom[image] = stage
      record.predictions[image] = scores.predictions[index]
      record.margins[image] = scores.margins[index]
      kept.append(index)
    }
    return kept
  }
}

extension ContinuousClock.Instant {
  var secondsUntilNow: Double { duration(to: .now) / .seconds(1) }
}
