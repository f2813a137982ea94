import Attacks
import Testing
import Torch

/// Runs that images leave once they are fooled, against the same runs without.
@Suite struct DroppedImagesTests {
  let model = TanhModel(pixels: 8, classes: 5, seed: 3, scale: 2)
  let images: Tensor
  let labels: Tensor

  init() {
    images = pictures([37, 8], classes: 5, seed: 4).images
    labels = model(images).argmax(along: 1)
  }

  /// Single runs: the points that they ask about are their iterates.
  static let singles: [@Sendable (Bool) -> any Attack] = [
    { APGD(.linf(0.12), steps: 25, dropsFooledImages: $0) },
    { APGD(.l2(0.3), loss: .logitRatio, steps: 25, dropsFooledImages: $0) },
    { SAPGD(.linf(0.12), steps: 25, dropsFooledImages: $0) },
  ]
  static let several: [@Sendable (Bool) -> any Attack] = [
    { APGD(.linf(0.12), loss: .margin, steps: 12, restarts: 4, dropsFooledImages: $0) },
    { TargetedAPGD(.linf(0.12), steps: 12, restarts: 2, dropsFooledImages: $0) },
    { TargetedAPGD(.l2(0.3), steps: 12, targets: 3, dropsFooledImages: $0) },
    { SAPGD(.linf(0.12), steps: 12, restarts: 4, dropsFooledImages: $0) },
  ]

  private func run(
    _ attack: any Attack, seed: UInt64 = 1
  ) throws -> (result: AttackResult, seen: [Tensor]) {
    var seen: [Tensor] = []
    let result = try attack.run(
      images, labels: labels,
      against: {
        seen.append($0.detached())
        return model($0)
      }, using: Generator(seed: seed))
    return (result, seen)
  }

  private func fooledRows(_ points: Tensor) -> [Bool] { fooled({ model($0) }, points, labels) }

  /// The oracle is the whole run: an image's example is the first of its iterates that fooled, else the same as ever,
  /// and the batch is who was not fooled before. Catches any of an image's numbers (step size, momentum,
  /// means, best point, loss, label, bound) that stays behind when rows move up, and rows put back to the wrong place.
  @Test(arguments: 0..<3, 1...3 as ClosedRange<UInt64>)
  func `leaving a run changes nothing for those that stay`(index: Int, seed: UInt64) throws {
    let whole = try run(Self.singles[index](false), seed: seed)
    let short = try run(Self.singles[index](true), seed: seed)
    let iterates = whole.seen.dropFirst()
    let failures = iterates.map(fooledRows)
    let first = (0..<37).map { row in failures.firstIndex { $0[row] } }
    let firstPoints = Tensor.stacking(
      (0..<37).map { row in
        first[row].map { iterates[1 + $0][row] } ?? whole.result.adversarial[row]
      })
    // Another batch size rounds differently, and 25 steps make more of it.
    #expect(difference(short.result.adversarial, firstPoints) < 1e-6)
    #expect(fooledRows(short.result.adversarial) == fooledRows(whole.result.adversarial))
    let left = first.count { $0 == nil }
    #expect(left > 2 && left < 30, "nothing to tell apart: \(left)")
    let sizes = failures.indices.map { step in first.count { $0 == nil || $0! >= step } }
    #expect(short.seen.dropFirst().map { $0.size(0) } == sizes)
    #expect(sizes.last! < 37)
    let again = try run(Self.singles[index](true), seed: seed).result
    #expect(again.adversarial.isIdentical(to: short.result.adversarial))
    #expect(again.report == short.result.report)
  }

  /// Catches targets that stay behind, and random starts that differ because the survivors do.
  @Test(arguments: 0..<4, 1...3 as ClosedRange<UInt64>)
  func `runs upon runs fool the same images for less`(index: Int, seed: UInt64) throws {
    let whole = try run(Self.several[index](false), seed: seed).result
    let short = try run(Self.several[index](true), seed: seed).result
    let failed = fooledRows(whole.adversarial)
    #expect(failed == fooledRows(short.adversarial))
    #expect(failed.contains(true) && failed.contains(false))
    for row in 0..<37 where !failed[row] {
      #expect(difference(short.adversarial[row], whole.adversarial[row]) < 1e-6)
    }
    #expect(short.report.imagesClassified < whole.report.imagesClassified)
  }

  /// Catches a memory whose rows are no longer the images that it thinks they are, also within a transfer.
  @Test(arguments: singles, [false, true])
  func `nobody leaves a source that remembers rows`(
    make: @Sendable (Bool) -> any Attack, transfers: Bool
  ) throws {
    let model = model
    func sizes(remembers: Bool) throws -> (AttackResult, Set<Int>) {
      nonisolated(unsafe) var sizes: Set<Int> = []
      var source = GradientSource(name: "view") {
        { images in
          sizes.insert(images.size(0))
          return model(images)
        }
      }
      source.remembersRows = remembers
      let attack: any Attack =
        transfers
        ? Transfer(make(true), from: source) : AttackThroughSource(make(true), through: source)
      return (try run(attack).result, sizes)
    }
    let (still, full) = try sizes(remembers: true)
    let (shrinking, falling) = try sizes(remembers: false)
    #expect(full == [37] && falling.count > 1)
    #expect(difference(still.adversarial, shrinking.adversarial) < 1e-6)
  }

  /// What fooled a few draws is no example yet.
  @Test(arguments: singles)
  func `nobody leaves where answers are means over draws`(
    make: @Sendable (Bool) -> any Attack
  ) throws {
    let (whole, short) = (
      try run(ExpectationOverTransformation(make(false), draws: 2)).result,
      try run(ExpectationOverTransformation(make(true), draws: 2)).result
    )
    #expect(short.adversarial.isIdentical(to: whole.adversarial))
    #expect(short.report == whole.report)
  }

  /// Catches a loop that goes on with nobody in it.
  @Test(arguments: singles)
  func `a run ends with its last image`(make: @Sendable (Bool) -> any Attack) throws {
    // Everything but a black image is an error.
    let black = Tensor.zeros([5, 8], dtype: .float64)
    var sizes: [Int] = []
    let result = try make(true).run(
      black, labels: Tensor.zeros([5], dtype: .int64),
      against: { images in
        sizes.append(images.size(0))
        let sum = images.flattened(from: 1).sum(along: [1], keeping: true)
        return .concatenating([sum * 0 + 1e-6, sum, sum * 0 - 1], along: 1)
      }, using: Generator(seed: 1))
    #expect(sizes == [5, 5])
    #expect((result.adversarial.flattened(from: 1).sum(along: [1]) .> 1e-6).allTrue())
  }
}
