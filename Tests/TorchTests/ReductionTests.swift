import Foundation
import TestSupport
import Testing
import Torch

@Suite struct ReductionTests {
  struct Row: Sendable {
    let name: String
    let whole: @Sendable (Tensor) -> Tensor
    let along: (@Sendable (Tensor, [Int], Bool) -> Tensor)?
    let plain: @Sendable ([Double]) -> Double
  }

  @Sendable static func variance(_ x: [Double], _ correction: Double) -> Double {
    let mean = x.reduce(0, +) / Double(x.count)
    return x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (Double(x.count) - correction)
  }

  static let rows: [Row] = [
    Row(
      name: "sum", whole: { $0.sum() }, along: { $0.sum(along: $1, keeping: $2) },
      plain: { $0.reduce(0, +) }),
    Row(
      name: "mean", whole: { $0.mean() }, along: { $0.mean(along: $1, keeping: $2) },
      plain: { $0.reduce(0, +) / Double($0.count) }),
    Row(
      name: "max", whole: { $0.max() }, along: { $0.max(along: $1, keeping: $2) },
      plain: { $0.max()! }),
    Row(
      name: "min", whole: { $0.min() }, along: { $0.min(along: $1, keeping: $2) },
      plain: { $0.min()! }),
    Row(
      name: "norm", whole: { $0.norm() }, along: { $0.norm(along: $1, keeping: $2) },
      plain: { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }),
    Row(
      name: "norm 1", whole: { $0.norm(1) }, along: { $0.norm(1, along: $1, keeping: $2) },
      plain: { $0.reduce(0) { $0 + $1.magnitude } }),
    Row(
      name: "norm infinity", whole: { $0.norm(.infinity) },
      along: { $0.norm(.infinity, along: $1, keeping: $2) },
      plain: { $0.map(\.magnitude).max()! }),
    Row(
      name: "variance", whole: { $0.variance(along: [0, 1, 2]) },
      along: { $0.variance(along: $1, keeping: $2) }, plain: { variance($0, 1) }),
    Row(
      name: "variance, n", whole: { $0.variance(along: [0, 1, 2], correction: 0) },
      along: { $0.variance(along: $1, correction: 0, keeping: $2) }, plain: { variance($0, 0) }),
  ]

  @Test(arguments: rows.indices)
  func reduces(row: Int) {
    let row = Self.rows[row]
    let x = randomTensor([3, 5, 7], seed: 4, dtype: .float64)
    let plain = Plain(x)
    let all = Tensor(row.plain(plain.values))
    expectClose(row.whole(x), all, relative: 1e-13, row.name)
    expectClose(row.whole(restrided(x)), all, relative: 1e-13, row.name)
    guard let along = row.along else { return }
    let last = Plain([3, 5]) { i in row.plain((0..<7).map { plain[i + [$0]] }) }
    expectClose(along(x, [-1], false), last.tensor, relative: 1e-13, row.name)
    let outer = Plain([1, 5, 1]) { i in
      row.plain(Plain.indices(of: [3, 7]).map { plain[[$0[0], i[1], $0[1]]] })
    }
    expectClose(along(x, [0, 2], true), outer.tensor, relative: 1e-13, row.name)
    expectClose(along(restrided(x), [0, 2], true), outer.tensor, relative: 1e-13, row.name)
  }

  @Test func argmaxGivesTheFirstOfEquals() {
    let x = Tensor([1.0, 3, 3, 2, 5, 5, 5, 0], shape: [2, 4])
    #expect(x.argmax(along: 1).scalars(of: Int.self) == [1, 0])
    #expect(x.argmax(along: 0).scalars(of: Int.self) == [1, 1, 1, 0])
    #expect(x.argmax(along: 1).dtype == .int64)
  }

  @Test func allAndAny() {
    #expect(Tensor([true, true]).allTrue() && !Tensor([true, false]).allTrue())
    #expect(Tensor([false, true]).anyTrue() && !Tensor([false, false]).anyTrue())
    #expect(Tensor([] as [Bool]).allTrue() && !Tensor([] as [Bool]).anyTrue())
  }

  @Test func largest() {
    let x = Tensor([3.0, 9, 1, 7, 2, 8], shape: [2, 3])
    let (values, indices) = x.largest(2)
    #expect(values.scalars(of: Double.self) == [9, 3, 8, 7] && values.shape == [2, 2])
    #expect(indices.scalars(of: Int.self) == [1, 0, 2, 0])
  }

  @Test func sorted() {
    let x = Tensor([3.0, 9, 1, 7, 2, 8], shape: [2, 3])
    let (values, indices) = x.sorted(along: 1)
    #expect(values.scalars(of: Double.self) == [1, 3, 9, 2, 7, 8])
    #expect(indices.scalars(of: Int.self) == [2, 0, 1, 1, 0, 2])
    #expect(x.sorted(along: 0).values.scalars(of: Double.self) == [3, 2, 1, 7, 9, 8])
  }

  @Test func cumulativeSum() {
    let x = Tensor([3.0, 9, 1, 7, 2, 8], shape: [2, 3])
    #expect(x.cumulativeSum(along: 1).scalars(of: Double.self) == [3, 12, 13, 7, 9, 17])
    #expect(x.cumulativeSum(along: 0).scalars(of: Double.self) == [3, 9, 1, 10, 11, 9])
  }

  @Test func identity() {
    let x = Tensor([1.0, 2])
    #expect(x.isIdentical(to: Tensor([1.0, 2])) && !x.isIdentical(to: Tensor([1.0, 3])))
    #expect(!x.isIdentical(to: Tensor([1.0, 2], shape: [1, 2])))
    #expect(!x.isIdentical(to: Tensor([1, 2])))
    #expect(!Tensor([Double.nan]).isIdentical(to: Tensor([Double.nan])))
  }
}
