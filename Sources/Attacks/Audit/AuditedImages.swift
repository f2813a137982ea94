import Torch

/// The images of an audit that are classified correctly, and what attacks do to them.
struct AuditedImages {
  let classifier: Classifier
  let seed: UInt64
  /// Correct ones only; batches without any are left out.
  private(set) var batches: [LabeledImages] = []
  /// Of all that were given.
  private(set) var total = 0

  var count: Int { batches.reduce(0) { $0 + $1.images.size(0) } }

  init(
    _ given: [LabeledImages], _ classifier: @escaping Classifier, seed: UInt64
  ) throws(AttackError) {
    self.classifier = classifier
    self.seed = seed
    for batch in given {
      try checkPreconditions(images: batch.images, labels: batch.labels)
      total += batch.images.size(0)
      guard batch.images.size(0) > 0 else { continue }
      let right = (.!(try errs(batch.images, batch.labels))).trueIndices()
      guard right.count > 0 else { continue }
      batches.append(
        LabeledImages(
          images: batch.images.gathering(right), labels: batch.labels.gathering(right)))
    }
  }

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
    for batch in batches {
      let size = batch.images.size(0)
      let rows = (0..<size).filter { !(spared?[fooled.count + $0] ?? false) }
      var here = Array(repeating: false, count: size)
      if !rows.isEmpty {
        let chosen = Tensor(rows).moved(to: batch.images.device)
        let labels = batch.labels.gathering(chosen)
        let found = try attack(
          batch.images.gathering(chosen), labels: labels, against: classifier, using: generator)
        let errs = try errs(found, labels).scalars(of: Bool.self)
        for (row, isFooled) in zip(rows, errs) { here[row] = isFooled }
      }
      fooled += here
      progress(fooled.count)
    }
    return AttackOutcome(attack.name, fooled: fooled)
  }

  private func errs(_ images: Tensor, _ labels: Tensor) throws(AttackError) -> Tensor {
    try Victim.lending(classifier, labels: labels) { (victim) throws(AttackError) in
      try victim.score(images, labels: labels).fooled
    }
  }
}
