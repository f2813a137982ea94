import Foundation
import TestSupport
import Testing
import Torch

/// Element by element against Swift's own arithmetic.
@Suite struct ElementwiseTests {
  typealias Unary = (
    name: String, tensor: @Sendable (Tensor) -> Tensor, scalar: @Sendable (Double) -> Double
  )

  static let unary: [Unary] = [
    ("negated", { -$0 }, { -$0 }),
    ("power", { $0.magnitude().power(1.7) }, { pow($0.magnitude, 1.7) }),
    ("squared", { $0.squared() }, { $0 * $0 }),
    ("magnitude", { $0.magnitude() }, { $0.magnitude }),
    ("sign", { $0.sign() }, { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }),
    ("exponential", { $0.exponential() }, { exp($0) }),
    ("logarithm", { $0.magnitude().logarithm() }, { log($0.magnitude) }),
    ("squareRoot", { $0.magnitude().squareRoot() }, { $0.magnitude.squareRoot() }),
    ("hyperbolicTangent", { $0.hyperbolicTangent() }, { tanh($0) }),
    ("arctangent", { $0.arctangent() }, { atan($0) }),
    ("sigmoid", { $0.sigmoid() }, { 1 / (1 + exp(-$0)) }),
    ("relu", { $0.relu() }, { max($0, 0) }),
    ("clamped", { $0.clamped(-0.5, 0.25) }, { min(max($0, -0.5), 0.25) }),
    ("clamped below", { $0.clamped(-0.5, nil) }, { max($0, -0.5) }),
    ("clamped above", { $0.clamped(nil, 0.25) }, { min($0, 0.25) }),
    ("+ number", { $0 + 0.3 }, { $0 + 0.3 }),
    ("- number", { $0 - 0.3 }, { $0 - 0.3 }),
    ("* number", { $0 * 0.3 }, { $0 * 0.3 }),
    ("/ number", { $0 / 0.3 }, { $0 / 0.3 }),
    ("number +", { 0.3 + $0 }, { 0.3 + $0 }),
    ("number -", { 0.3 - $0 }, { 0.3 - $0 }),
    ("number *", { 0.3 * $0 }, { 0.3 * $0 }),
    ("> number", { $0 .> 0.1 }, { $0 > 0.1 ? 1 : 0 }),
    (">= number", { $0.sign() .>= 0 }, { $0 >= 0 ? 1 : 0 }),
    ("< number", { $0.sign() .< 0 }, { $0 < 0 ? 1 : 0 }),
    ("<= number", { $0.sign() .<= -1 }, { $0 < 0 ? 1 : 0 }),
    ("== number", { $0.sign() .== 1 }, { $0 > 0 ? 1 : 0 }),
    ("not", { .!($0 .> 0) }, { $0 > 0 ? 0 : 1 }),
    ("isFinite", { ($0 / $0.relu()).isFinite() }, { $0 > 0 ? 1 : 0 }),
  ]

  @Test(arguments: unary.indices)
  func oneOperand(row: Int) {
    let (name, operation, scalar) = Self.unary[row]
    for (seed, shape) in oddShapes.enumerated() {
      let x = randomTensor(shape, seed: UInt64(seed), dtype: .float64)
      let expected = Tensor(x.scalars(of: Double.self).map(scalar), shape: shape)
      expectClose(operation(x), expected, relative: 1e-13, absolute: 1e-15, "\(name) \(shape)")
      expectClose(operation(restrided(x)), expected, relative: 1e-13, absolute: 1e-15, name)
      let single = operation(x.converted(to: .float32))
      expectClose(single, expected, relative: 1e-5, absolute: 1e-6, "\(name) \(shape) Float")
    }
  }

  typealias Binary = (
    name: String, tensor: @Sendable (Tensor, Tensor) -> Tensor,
    scalar: @Sendable (Double, Double) -> Double
  )

  static let binary: [Binary] = [
    ("+", { $0 + $1 }, { $0 + $1 }),
    ("-", { $0 - $1 }, { $0 - $1 }),
    ("*", { $0 * $1 }, { $0 * $1 }),
    ("/", { $0 / $1 }, { $0 / $1 }),
    ("maximum", { Tensor.maximum($0, $1) }, { max($0, $1) }),
    ("minimum", { Tensor.minimum($0, $1) }, { min($0, $1) }),
    (">", { $0 .> $1 }, { $0 > $1 ? 1 : 0 }),
    ("==", { $0.sign() .== $1.sign() }, { $0 * $1 > 0 ? 1 : 0 }),
    ("and", { ($0 .> 0) .& ($1 .> 0) }, { $0 > 0 && $1 > 0 ? 1 : 0 }),
    ("select", { Tensor.select($0 .> $1, $0, -$1) }, { $0 > $1 ? $0 : -$1 }),
  ]

  /// Left and right shapes, and what they broadcast to.
  static let broadcasts: [([Int], [Int], [Int])] = [
    ([], [], []), ([3], [], [3]), ([], [2, 3], [2, 3]), ([3], [2, 3], [2, 3]),
    ([2, 1], [3], [2, 3]), ([5, 1, 7], [1, 3, 1], [5, 3, 7]), ([0], [1], [0]),
    ([2, 3, 5], [2, 3, 5], [2, 3, 5]),
  ]

  @Test(arguments: binary.indices)
  func twoOperandsBroadcast(row: Int) {
    let (name, operation, scalar) = Self.binary[row]
    for (left, right, shape) in Self.broadcasts {
      let a = randomTensor(left, seed: 1, dtype: .float64)
      let b = randomTensor(right, seed: 2, dtype: .float64)
      let (x, y) = (Plain(a), Plain(b))
      let expected = Plain(shape) { scalar(x[$0], y[$0]) }.tensor
      expectClose(operation(a, b), expected, relative: 1e-15, "\(name) \(left) \(right)")
      expectClose(operation(restrided(a), b), expected, relative: 1e-15, "\(name) restrided")
    }
  }

  @Test func typesPromote() {
    let (int, float, double) = (Tensor([1, 2]), Tensor([0.5, 1] as [Float]), Tensor([0.5, 1.0]))
    #expect((int + int).dtype == .int64 && (int / int).dtype == .float32)
    #expect((int + float).dtype == .float32 && (float + double).dtype == .float64)
    #expect((float + 2.0).dtype == .float32 && (float .> 2.0).dtype == .bool)
    #expect((int + int).scalars(of: Int.self) == [2, 4])
    // A number keeps all its digits in a float64 tensor.
    #expect((double + 0.1).scalars(of: Double.self) == [0.6, 1.1])
  }

  @Test func inPlaceChangesAreSeenByEveryCopy() {
    let x = Tensor([1.0, 2, 3])
    let alias = x
    let view = x[1..<3]
    x.addInPlace(Tensor([10.0, 20, 30]), scale: 0.5)
    #expect(alias.scalars(of: Double.self) == [6, 12, 18])
    x.multiplyInPlace(by: -1)
    #expect(view.scalars(of: Double.self) == [-12, -18])
    x.copyInPlace(from: Tensor([7]))
    #expect(x.scalars(of: Double.self) == [7, 7, 7] && x.dtype == .float64)
  }

  @Test func ordinaryOperationsLeaveTheirOperands() {
    let x = Tensor([1.0, -2])
    _ = (x + x, x * 2, -x, x.relu(), x.clamped(0, 1), x.exponential())
    #expect(x.scalars(of: Double.self) == [1, -2])
  }
}
