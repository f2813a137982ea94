public import Torch

/// What a classifier says of single images of a data set, each scored at its own place.
///
/// The last bits of a convolution depend on the batch's shape and an image's place in it, and one bit can flip a
/// spike. So an image is always scored where it stands when the data set is read in batches of one size: whoever
/// classifies all images in that order gets these very numbers. What stands at the other places does not matter,
/// which lets images of different batches share a call.
public struct PlacedScores: Sendable {
  /// The class of each image; of several passes the one that most of them say, the lowest among equals.
  public private(set) var predictions: [Int]
  /// max_{i ≠ y} z_i − z_y of each image, of the mean logits of all passes.
  public private(set) var margins: [Double]
  /// Share of passes in which each image was classified as its label.
  public private(set) var shareCorrect: [Double]

  /// Scores changed images of a data set.
  ///
  /// - Parameters:
  ///   - images: `[K, ...]`, what stands at `places`.
  ///   - places: which images of the data set they stand for, in `0 ..< N`, each once.
  ///   - data: all N of them.
  ///   - passes: calls for each image; more than one for a random classifier.
  /// - Throws: ``AttackError`` when the logits cannot be used.
  public init(
    of images: Tensor, at places: [Int], in data: LabeledImages, batchSize: Int, passes: Int = 1,
    by classifier: Classifier
  ) throws(AttackError) {
    predictions = Array(repeating: 0, count: places.count)
    margins = Array(repeating: 0, count: places.count)
    shareCorrect = Array(repeating: 0, count: places.count)
    for shared in Self.sharedBatches(places, total: data.images.size(0), batchSize: batchSize) {
      let rows = Tensor(shared.members.map { places[$0] - places[$0] / batchSize * batchSize })
      let batch = data.images[shared.range].replacing(
        rows, with: images.gathering(Tensor(shared.members)))
      let labels = data.labels.gathering(Tensor(shared.members.map { places[$0] }))
      try Victim.lending(classifier, labels: labels) { (victim) throws(AttackError) in
        var sum: Tensor?
        var votes: [[Int]] = []
        for _ in 0..<passes {
          let logits = try victim.logits(batch).gathering(rows)
          votes.append(logits.argmax(along: 1).scalars(of: Int.self))
          sum = sum.map { $0 + logits } ?? logits
        }
        let losses = try AttackLoss.margin(sum! / Double(passes), labels).scalars(of: Double.self)
        let truth = labels.scalars(of: Int.self)
        for (row, member) in shared.members.enumerated() {
          let said = votes.map { $0[row] }
          predictions[member] = Self.majority(said)
          margins[member] = losses[row]
          shareCorrect[member] = Double(said.count { $0 == truth[row] }) / Double(passes)
        }
      }
    }
  }

  /// A batch of the data set in which some of the images stand at their own places.
  struct SharedBatch: Equatable {
    /// The batch that lends its shape and the images at the other places.
    let range: Range<Int>
    /// Indices into the list of places.
    var members: [Int]
  }

  /// As few batches as let every image stand at its place: those of full batches share, the last one stays alone
  /// where it is smaller.
  static func sharedBatches(_ places: [Int], total: Int, batchSize: Int) -> [SharedBatch] {
    let full = total / batchSize * batchSize
    var shared: [SharedBatch] = []
    var last = SharedBatch(range: full..<total, members: [])
    var used: [Int: Int] = [:]
    for (member, place) in places.enumerated() {
      if place >= full {
        last.members.append(member)
        continue
      }
      let number = used[place % batchSize, default: 0]
      used[place % batchSize] = number + 1
      if number == shared.count { shared.append(SharedBatch(range: 0..<batchSize, members: [])) }
      shared[number].members.append(member)
    }
    return last.members.isEmpty ? shared : shared + [last]
  }

  private static func majority(_ votes: [Int]) -> Int {
    let counts = votes.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    return counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }!.key
  }
}
