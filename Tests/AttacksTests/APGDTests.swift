import Attacks
import Testing
import Torch

@Suite struct APGDTests {
  static let threats: [ThreatModel] = [.linf(0.3), .l2(1)]

  /// Where every step is a failure, every checkpoint halves. The list for 100 steps is the authors' own; the others
  /// follow from its shares. Catches windows rounded up (58 for 57), windows that never shrink or shrink below the
  /// least, and a checkpoint that counts from 0.
  @Test(arguments: [
    (100, [22, 41, 57, 70, 80, 87, 93, 99]), (50, [11, 21, 30, 38, 45]),
    (20, [4, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]),
    (10, [2, 3, 4, 5, 6, 7, 8, 9, 10]),
  ])
  func `looks back at the published checkpoints`(steps: Int, checkpoints: [Int]) throws {
    let steady = Tensor([2.0, 1])
    var sizes: [Double] = []
    let image = Tensor.full(0.5, shape: [1, 3], dtype: .float64)
    _ = try APGD(.linf(0.1), steps: steps + 1).run(
      image, labels: Tensor([0]),
      against: { $0.sum(along: [1], keeping: true) * 0 + steady }, startingAt: image,
      using: Generator(seed: 0)
    ) { sizes.append($0.stepSizes.item()) }
    // Of one step more the last is cut off: the size after step N shows in step N + 1. Shares of N + 1 are those of N.
    let halvings = (1...steps).filter { sizes[$0 + 1] < sizes[$0] }
    #expect(halvings == checkpoints)
    #expect(sizes[0] == 0.2 && sizes.last == 0.2 / Double(1 << checkpoints.count))
  }

  /// A loss that falls at the first step and then rises for ever, without reaching the start's again: condition 1 never
  /// holds, and condition 2 holds at every other checkpoint, but not at the first. Catches each half of condition 2.
  @Test func `a best loss that stays halves at every other checkpoint`() throws {
    nonisolated(unsafe) var call = 0
    // Calls: a score of the image, then the gradients of steps 0, 1, …
    let script: Classifier = { images in
      defer { call += 1 }
      let margin = call <= 1 ? 0.1 : 10 - 0.05 * Double(call)
      let zero = images.sum(along: [1], keeping: true) * 0
      return Tensor.concatenating([zero + margin, zero], along: 1)
    }
    var sizes: [Double] = []
    let image = Tensor.full(0.5, shape: [1, 3], dtype: .float64)
    _ = try APGD(.linf(0.1), steps: 100).run(
      image, labels: Tensor([0]), against: script, startingAt: image, using: Generator(seed: 0)
    ) { sizes.append($0.stepSizes.item()) }
    #expect((1..<100).filter { sizes[$0 + 1] < sizes[$0] } == [41, 70, 87, 99])
  }

  /// Catches every line of the algorithm: α and its exception at the first step, where the drift is measured from
  /// after a return to the best point, ≤ against <, the count that runs into the window before, condition 2 at the
  /// first checkpoint, the first step's comparison with 0, strictly better against at least as good.
  @Test(arguments: threats, SlowAttackLoss.allCases)
  func `follows the scalar twin step by step`(threat: ThreatModel, loss: SlowAttackLoss) throws {
    let rows = 6
    let steps = 30
    let model = TanhModel(pixels: 12, classes: 5, seed: 5)
    let images = pictures([rows, 2, 3, 2], classes: 5, seed: 11).images
    let labels = model(images).argmax(along: 1)
    let start = threat.nearStart(images, seed: 7)
    let targets = Tensor((0..<rows).map { (Int(labels[$0].item()) + 1) % 5 })
    var seen: [APGD.Iterate] = []
    let found = try APGD(threat, loss: loss.tensors(targets), steps: steps).run(
      images, labels: labels, against: { model($0) }, startingAt: start, using: Generator(seed: 0)
    ) { seen.append($0) }
    #expect(seen.map(\.step) == Array(0...steps))
    var halvings: Set<[Int]> = []
    for row in 0..<rows {
      let twin = SlowAPGD(model: model, threat: threat, loss: loss, steps: steps).run(
        images[row].scalars(of: Double.self), label: Int(labels[row].item()),
        target: Int(targets[row].item()), from: start[row].scalars(of: Double.self))
      for step in 0...steps {
        let point = seen[step].points[row].flattened()
        #expect(difference(point, Tensor(twin.points[step])) < 1e-7, "row \(row), step \(step)")
        #expect(abs(seen[step].losses[row].item() - twin.losses[step]) < 1e-7)
        #expect(abs(seen[step].stepSizes[row].item() - twin.stepSizes[step]) < 1e-15)
      }
      #expect(difference(found.adversarial[row].flattened(), Tensor(twin.example)) < 1e-7)
      halvings.insert(twin.halvings)
    }
    #expect(halvings.count > 2, "all images halve at the same steps: \(halvings)")
  }
}

extension SlowAttackLoss {
  func tensors(_ targets: Tensor) -> AttackLoss {
    switch self {
    case .crossEntropy: .crossEntropy
    case .margin: .margin
    case .logitRatio: .logitRatio
    case .targetedLogitRatio: .targetedLogitRatio(targets: targets)
    }
  }
}

extension ThreatModel {
  /// Admissible points in a random direction, halfway to the ball's surface.
  func nearStart(_ images: Tensor, seed: UInt64) -> Tensor {
    let pixels = images.shape.dropFirst().reduce(1, *)
    let reach = norm == .linf ? 0.5 : 0.5 / Double(pixels).squareRoot()
    let noise = Tensor.uniform(
      images.shape, in: -1...1, dtype: images.dtype, using: Generator(seed: seed))
    return (images + noise * (reach * epsilon)).clamped(0, 1)
  }
}
