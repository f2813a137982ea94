import Torch

extension RobustnessEvaluation {
  /// What an evaluation has counted so far.
  struct Tally {
    /// Of one attack.
    struct Row {
      var fooled: [Bool] = []
      var predictions: [Int] = []
      var seconds = 0.0
      var report = AttackReport()
    }

    private(set) var labels: [Int] = []
    private var cleanPredictions: [Int] = []
    private var cleanSeconds = 0.0
    private var rows: [Row]

    init(attacks: Int) { rows = Array(repeating: Row(), count: attacks) }

    /// Classifies a batch as it is; the indices of the images classified correctly.
    mutating func addClean(
      _ batch: LabeledImages, _ classifier: Classifier
    ) throws(AttackError) -> Tensor {
      let start = ContinuousClock.now
      let predictions = try Self.predictions(batch.images, batch.labels, classifier)
      labels += batch.labels.scalars(of: Int.self)
      cleanPredictions += predictions.scalars(of: Int.self)
      let correct = (predictions .== batch.labels).trueIndices()
      cleanSeconds += start.secondsUntilNow
      return correct
    }

    /// Runs one attack on the correct images of a batch; the whole batch with these replaced.
    mutating func add(
      _ number: Int, _ attack: any Attack, _ batch: LabeledImages, _ correct: Tensor,
      _ classifier: Classifier, using generator: Generator
    ) throws(AttackError) -> Tensor {
      let start = ContinuousClock.now
      let size = batch.images.size(0)
      var predictions = Array(cleanPredictions.suffix(size))
      var fooled = Array(repeating: false, count: size)
      var images = batch.images.detached()
      if correct.count > 0 {
        let labels = batch.labels.gathering(correct)
        let found = try attack.run(
          images.gathering(correct), labels: labels, against: classifier, using: generator)
        images = images.replacing(correct, with: found.adversarial)
        rows[number].report.add(found.report)
        let after = try Self.predictions(found.adversarial, labels, classifier)
        for (row, prediction) in zip(correct.scalars(of: Int.self), after.scalars(of: Int.self)) {
          fooled[row] = prediction != predictions[row]
          predictions[row] = prediction
        }
      }
      rows[number].fooled += fooled
      rows[number].predictions += predictions
      rows[number].seconds += start.secondsUntilNow
      return images
    }

    func progress(batches: Int) -> Progress {
      let clean = zip(labels, cleanPredictions).count { $0 == $1 }
      return Progress(
        batches: batches, images: labels.count, cleanCorrect: clean,
        robustCorrect: rows.map { row in clean - row.fooled.count { $0 } })
    }

    func result(_ attacks: [any Attack], seed: UInt64) -> RobustnessResult {
      let clean = zip(labels, cleanPredictions).count { $0 == $1 }
      let evaluations = zip(attacks, rows).map { attack, row in
        AttackEvaluation(
          name: attack.name, threat: attack.threat,
          robustAccuracy: .wilson(
            successes: clean - row.fooled.count { $0 }, trials: labels.count),
          fooled: row.fooled, predictions: row.predictions, seconds: row.seconds, report: row.report
        )
      }
      return RobustnessResult(
        seed: seed, labels: labels, cleanPredictions: cleanPredictions, cleanSeconds: cleanSeconds,
        attacks: evaluations)
    }

    private static func predictions(
      _ images: Tensor, _ labels: Tensor, _ classifier: Classifier
    ) throws(AttackError) -> Tensor {
      guard images.size(0) > 0 else { return labels }
      return try Victim.lending(classifier, labels: labels) { (victim) throws(AttackError) in
        try victim.logits(images).argmax(along: 1)
      }
    }
  }
}
