import Torch

/// Tells state from chance where no seed helps: do answers to A differ by what was asked before, on the average?
///
/// In each round the classifier is asked B, A and then C, A. The squared distance of the mean answers after B and after
/// C is compared with that of the same answers under exchanged labels: a permutation test. Chance alone is taken for
/// state once in 1/``level`` times.
struct MemoryTest {
  static let rounds = 8
  static let exchanges = 399
  static let level = 0.005

  /// How often labels at random give as large a distance; the actual labels are counted.
  let probability: Double

  init(_ classifier: Classifier, asked: Tensor, after earlier: (Tensor, Tensor)) {
    func answer(after images: Tensor) -> Tensor {
      withoutGradients {
        _ = classifier(images)
        return classifier(asked).detached().flattened().converted(to: .float64)
      }
    }
    var answers: [Tensor] = []
    for _ in 0..<Self.rounds {
      answers.append(answer(after: earlier.0))
      answers.append(answer(after: earlier.1))
    }
    let all = Tensor.stacking(answers)
    let centred = all - all.mean(along: [0], keeping: true)
    let products = centred.matmul(centred.transposed()).scalars(of: Double.self)
    let count = answers.count
    func distance(_ signs: [Double]) -> Double {
      var sum = 0.0
      for i in 0..<count {
        for j in 0..<count { sum += signs[i] * signs[j] * products[i * count + j] }
      }
      return sum
    }
    let actual = (0..<count).map { $0.isMultiple(of: 2) ? 1.0 : -1.0 }
    let observed = distance(actual)
    let generator = Generator(seed: 0)
    let asLarge = (0..<Self.exchanges).count { _ in
      let order = Tensor.permutation(count, using: generator).scalars(of: Int.self)
      return distance(order.map { actual[$0] }) >= observed * (1 - 1e-9)
    }
    probability = Double(asLarge + 1) / Double(Self.exchanges + 1)
  }
}
