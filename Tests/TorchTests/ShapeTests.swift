import TestSupport
import Testing
import Torch

/// Operations that move elements, each as the map from a result's index to the source's.
@Suite struct ShapeTests {
  struct Row: Sendable {
    let name: String
    let operation: @Sendable (Tensor) -> Tensor
    let shape: [Int]
    let source: @Sendable ([Int]) -> [Int]
    init(
      _ name: String, _ shape: [Int], _ operation: @escaping @Sendable (Tensor) -> Tensor,
      _ source: @escaping @Sendable ([Int]) -> [Int]
    ) { (self.name, self.shape, self.operation, self.source) = (name, shape, operation, source) }
  }

  static let start = [2, 3, 4]

  /// The index in `start` of the element at the same row-major position.
  @Sendable static func samePlace(_ index: [Int], in shape: [Int]) -> [Int] {
    Plain.indices(of: start)[Plain.position(of: index, in: shape)]
  }

  static let rows: [Row] = [
    Row("reshaped", [4, 6], { $0.reshaped([4, 6]) }, { samePlace($0, in: [4, 6]) }),
    Row("reshaped -1", [3, 8], { $0.reshaped([-1, 8]) }, { samePlace($0, in: [3, 8]) }),
    Row("flattened", [24], { $0.flattened() }, { samePlace($0, in: [24]) }),
    Row("flattened from", [2, 12], { $0.flattened(from: 1) }, { samePlace($0, in: [2, 12]) }),
    Row("flattened to", [6, 4], { $0.flattened(to: 1) }, { samePlace($0, in: [6, 4]) }),
    Row("permuted", [4, 2, 3], { $0.permuted([2, 0, 1]) }, { [$0[1], $0[2], $0[0]] }),
    Row("transposed", [2, 4, 3], { $0.transposed() }, { [$0[0], $0[2], $0[1]] }),
    Row("transposed 0 1", [3, 2, 4], { $0.transposed(0, 1) }, { [$0[1], $0[0], $0[2]] }),
    Row("unsqueezed", [2, 1, 3, 4], { $0.unsqueezed(1) }, { [$0[0], $0[2], $0[3]] }),
    Row("unsqueezed -1", [2, 3, 4, 1], { $0.unsqueezed(-1) }, { Array($0.prefix(3)) }),
    Row("squeezed", [2, 3, 4], { $0.unsqueezed(0).squeezed(0) }, { $0 }),
    Row("expanded", [5, 2, 3, 4], { $0.expanded(to: [5, -1, 3, 4]) }, { Array($0.suffix(3)) }),
    Row("tiled", [2, 6, 12], { $0.tiled([1, 2, 3]) }, { [$0[0], $0[1] % 3, $0[2] % 4] }),
    Row("[1]", [3, 4], { $0[1] }, { [1] + $0 }),
    Row("[-1]", [3, 4], { $0[-1] }, { [1] + $0 }),
    Row("[1..<2]", [1, 3, 4], { $0[1..<2] }, { [1, $0[1], $0[2]] }),
    Row("[1..<1]", [0, 3, 4], { $0[1..<1] }, { $0 }),
    Row("selecting", [2, 3], { $0.selecting(2, along: 2) }, { $0 + [2] }),
    Row("slicing", [2, 2, 4], { $0.slicing(1..<3, along: 1) }, { [$0[0], $0[1] + 1, $0[2]] }),
    Row("slicing -1", [2, 3, 1], { $0.slicing(3..<4, along: -1) }, { [$0[0], $0[1], 3] }),
    Row(
      "gathering", [2, 4, 4], { $0.gathering(Tensor([2, 0, 0, 1]), along: 1) },
      { [$0[0], [2, 0, 0, 1][$0[1]], $0[2]] }),
    Row("flipped", [2, 3, 4], { $0.flipped(along: 1) }, { [$0[0], 2 - $0[1], $0[2]] }),
    Row(
      "concatenating", [4, 3, 4], { Tensor.concatenating([$0, $0]) }, { [$0[0] % 2, $0[1], $0[2]] }
    ),
    Row(
      "concatenating -1", [2, 3, 8], { Tensor.concatenating([$0, $0], along: -1) },
      { [$0[0], $0[1], $0[2] % 4] }),
    Row("stacking", [3, 2, 3, 4], { Tensor.stacking([$0, $0, $0]) }, { Array($0.suffix(3)) }),
    Row(
      "stacking 2", [2, 3, 2, 4], { Tensor.stacking([$0, $0], along: 2) },
      { [$0[0], $0[1], $0[3]] }
    ),
    Row("copied", start, { $0.copied() }, { $0 }),
    Row("contiguous", start, { $0.contiguous() }, { $0 }),
  ]

  @Test(arguments: rows.indices)
  func movesElements(row: Int) {
    let row = Self.rows[row]
    let x = randomTensor(Self.start, seed: 3)
    let plain = Plain(x)
    let expected = Plain(row.shape) { plain[row.source($0)] }.tensor
    expectClose(row.operation(x), expected, relative: 0, row.name)
    expectClose(row.operation(restrided(x)), expected, relative: 0, "\(row.name) restrided")
  }

  @Test func concatenatingKeepsTheOrder() {
    let (a, b) = (Tensor([1.0, 2]), Tensor([3.0]))
    #expect(Tensor.concatenating([a, b]).scalars(of: Double.self) == [1, 2, 3])
    let stacked = Tensor.stacking([a, -a], along: 1)
    #expect(stacked.scalars(of: Double.self) == [1, -1, 2, -2])
  }

  @Test func pickingTakesOneElementOfEachRow() {
    let x = randomTensor([4, 3], seed: 1)
    let (plain, chosen) = (Plain(x), [2, 0, 1, 1])
    let found = x.picking(Tensor(chosen, shape: [4, 1]), along: 1)
    expectClose(found, Plain([4, 1]) { plain[[$0[0], chosen[$0[0]]]] }.tensor, relative: 0)
  }

  @Test func replacingCopiesRows() {
    let (x, rows) = (randomTensor([4, 3], seed: 1), randomTensor([2, 3], seed: 2))
    let (old, new) = (Plain(x), Plain(rows))
    let expected = Plain([4, 3]) {
      $0[0] == 3 ? new[[0, $0[1]]] : $0[0] == 1 ? new[[1, $0[1]]] : old[$0]
    }
    expectClose(x.replacing(Tensor([3, 1]), with: rows), expected.tensor, relative: 0)
    expectClose(x, old.tensor, relative: 0, "the source stays")
  }

  @Test func trueIndices() {
    #expect(Tensor([false, true, false, true]).trueIndices().scalars(of: Int.self) == [1, 3])
    #expect(Tensor([false]).trueIndices().shape == [0])
  }

  @Test func padding() {
    let x = randomTensor([2, 3, 5], seed: 1)
    let plain = Plain(x)
    let expected = Plain([2, 7, 9]) { index in
      let (row, column) = (index[1] - 2, index[2] - 2)
      let isInside = (0..<3).contains(row) && (0..<5).contains(column)
      return isInside ? plain[[index[0], row, column]] : -1.5
    }
    expectClose(x.padded(2, value: -1.5), expected.tensor, relative: 0)
  }

  @Test func viewsShareMemoryAndCopiesDoNot() {
    let x = Tensor.zeros([2, 3])
    let (view, copy) = (x[1], x.copied())
    x.addInPlace(Tensor(1.0 as Float))
    #expect(view.scalars(of: Int.self) == [1, 1, 1])
    #expect(copy.scalars(of: Int.self) == [0, 0, 0, 0, 0, 0])
  }
}
