import Torch

/// The images of an audit that are classified correctly, and what attacks do to them.
///
/// Every outcome is scored like every other: at the image's own place (``PlacedScores``), and of a random classifier by
/// the majority of as many fresh passes. What two outcomes differ in is then the attack's doing, not that of chance
/// or of rounding.
struct AuditedImages {
  let classifier: Classifier
  let seed: UInt64
  /// Calls that score an image; 1 unless the classifier is random.
  let passes: Int
  /// Correct ones only; batches without any are left out.
  private(set) var batches: [LabeledImages] = []
  /// What the classifier says of them unattacked.
  private(set) var clean = AttackOutcome("clean", fooled: [])
  /// Where the images of each batch stand among all that were given.
  private var places: [[Int]] = []
  /// All that were given.
  private let data: LabeledImages
  private let batchSize: Int

  var total: Int { data.images.size(0) }
  var count: Int { batches.reduce(0) { $0 + $1.images.size(0) } }

  /// - Parameters:
  ///   - given: not all empty; images of one shape.
  ///   - passes: at least 1.
  init(
    _ given: [LabeledImages], _ classifier: @escaping Classifier, passes: Int, seed: UInt64
  ) throws(AttackError) {
    self.classifier = classifier
    self.seed = seed
    self.passes = passes
    let given = given.filter { $0.images.size(0) > 0 }
    data = try Self.joined(given)
    batchSize = given.map { $0.images.size(0) }.max()!
    let scores = try PlacedScores(
      of: data.images, at: Array(0..<data.images.size(0)), in: data, batchSize: batchSize,
      passes: passes, by: classifier)
    let truth = data.labels.scalars(of: Int.self)
    var start = 0
    for batch in given {
      let end = start + batch.images.size(0)
      let right = (start..<end).filter { scores.predictions[$0] == truth[$0] }
      start = end
      guard !right.isEmpty else { continue }
      let rows = Tensor(right).moved(to: data.images.device)
      places.append(right)
      batches.append(
        LabeledImages(
          images: data.images.gathering(rows), labels: data.labels.gathering(rows)))
    }
    let correct = places.flatMap { $0 }
    clean = AttackOutcome(
      "clean", fooled: correct.map { _ in false },
      shares: correct.map { 1 - scores.shareCorrect[$0] })
  }

  private static func joined(_ given: [LabeledImages]) throws(AttackError) -> LabeledImages {
    let first = given[0].images
    for batch in given {
      try checkPreconditions(images: batch.images, labels: batch.labels)
      guard batch.images.shape.dropFirst() == first.shape.dropFirst(),
        batch.images.dtype == first.dtype, batch.images.device == first.device
      else {
        throw .unusable(
          .images,
          expected: "batches alike, of \(first.dtype) \(first.shape.dropFirst()) an image",
          found: "\(batch.images.dtype) \(batch.images.shape.dropFirst())",
          remedy: "audit each kind of image by itself")
      }
    }
    return LabeledImages(
      images: .concatenating(given.map { $0.images.detached() }),
      labels: .concatenating(given.map(\.labels)))
  }

  /// Runs that an attack gets at most at an image of a random classifier: a single unlucky draw makes attacks leave an
  /// image as it is, or return a point that fooled by chance.
  static let attempts = 3

  /// What an attack does to each image.
  ///
  /// - Parameters:
  ///   - start: which of several starts this is, from 0: each draws from its own seed.
  ///   - spared: images that are left alone and counted as not fooled.
  ///   - progress: told how many images are done.
  func outcome(
    of attack: any Attack, start: Int = 0, sparing spared: [Bool]? = nil, progress: (Int) -> Void
  ) throws(AttackError) -> AttackOutcome {
    let generator = Generator(seed: seed &+ UInt64(start))
    var fooled: [Bool] = []
    var shares: [Double] = []
    for (batch, places) in zip(batches, places) {
      var here = Array(repeating: false, count: places.count)
      var sharesHere = Array(repeating: 0.0, count: places.count)
      for _ in 0..<(passes > 1 ? Self.attempts : 1) {
        let rows = places.indices.filter { !here[$0] && !(spared?[fooled.count + $0] ?? false) }
        guard !rows.isEmpty else { break }
        let chosen = Tensor(rows).moved(to: batch.images.device)
        let labels = batch.labels.gathering(chosen)
        let found = try attack(
          batch.images.gathering(chosen), labels: labels, against: classifier, using: generator)
        let scores = try PlacedScores(
          of: found, at: rows.map { places[$0] }, in: data, batchSize: batchSize, passes: passes,
          by: classifier)
        let truth = labels.scalars(of: Int.self)
        for (index, row) in rows.enumerated() {
          here[row] = scores.predictions[index] != truth[index]
          sharesHere[row] = max(sharesHere[row], 1 - scores.shareCorrect[index])
        }
      }
      fooled += here
      shares += sharesHere
      progress(fooled.count)
    }
    return AttackOutcome(attack.name, fooled: fooled, shares: shares)
  }
}
