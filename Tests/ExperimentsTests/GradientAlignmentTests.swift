import TestSupport
import Testing
import Torch

@testable import Experiments

/// Alignment of gradients that are known.
@Suite struct GradientAlignmentTests {
  private static func random(_ shape: [Int], _ seed: UInt64) -> Tensor {
    randomTensor(shape, seed: seed, dtype: .float64)
  }

  @Test func `equal gradients are as coherent as can be`() throws {
    let one = Self.random([3, 2, 2], 1)
    let found = try GradientAlignment(.stacking([one, one, one, one]))
    expectClose(found.meanCosine!, 1, relative: 1e-12)
    expectClose(found.coherence!, 1, relative: 1e-12)
    expectClose(found.commonDirectionShare!, 1, relative: 1e-12)
    expectClose(found.norm, 4 * one.norm().item(), relative: 1e-12)
  }

  @Test func `one step is coherent with itself and has no pairs`() throws {
    let found = try GradientAlignment(Self.random([1, 5, 3], 2))
    expectClose(found.coherence!, 1, relative: 1e-12)
    expectClose(found.commonDirectionShare!, 1, relative: 1e-12)
    #expect(found.meanCosine == nil && found.steps == 1)
  }

  /// e₁₁, 2 e₂₂: orthogonal, and their sum has σ = (2, 1) along the unit vectors.
  @Test func `orthogonal gradients of rank one`() throws {
    let found = try GradientAlignment(
      Tensor([1.0, 0, 0, 0, 0, 0, 0, 0, 2, 0], shape: [2, 1, 5]).reshaped([2, 5, 1]))
    #expect(found.norms == [1, 2])
    expectClose(found.meanCosine!, 0, absolute: 1e-15)
    expectClose(found.coherence!, 5 / (2 * 5.0), relative: 1e-12)
    expectClose(found.commonDirectionShare!, 4 / 5.0, relative: 1e-12)
    expectClose(found.rankOneShare!, 1, relative: 1e-12)
    let diagonal = try GradientAlignment(
      Tensor([1.0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0], shape: [2, 2, 3]))
    expectClose(diagonal.rankOneShare!, 1, relative: 1e-12)
    let full = try GradientAlignment(
      Tensor([1.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0], shape: [2, 2, 3]))
    expectClose(full.rankOneShare!, 4 / 5.0, relative: 1e-12)
    expectClose(full.dominantCosines.map { $0! }, [0, 1], absolute: 1e-12)
  }

  @Test func `gradients that cancel are not coherent, though they share a direction`() throws {
    let one = Self.random([4, 3], 3)
    let found = try GradientAlignment(.stacking([one, -1 * one]))
    expectClose(found.meanCosine!, -1, relative: 1e-12)
    expectClose(found.coherence!, 0, absolute: 1e-12)
    expectClose(found.commonDirectionShare!, 1, relative: 1e-12)
    #expect(found.rankOneShare == nil && found.dominantCosines == [nil, nil])
  }

  @Test func `no gradient has no direction`() throws {
    let found = try GradientAlignment(Tensor.zeros([3, 2, 2]))
    #expect(found.norms == [0, 0, 0] && found.norm == 0)
    #expect(found.meanCosine == nil && found.coherence == nil && found.rankOneShare == nil)
  }

  /// Against the full decompositions, whose code is not used; wide, tall and square weights, a step of 0.
  @Test(
    arguments: [[4, 3, 5, 3, 3], [3, 7, 2], [5, 4, 4], [2, 1, 9], [3, 9, 1]], [true, false])
  func `random gradients against full decompositions`(_ shape: [Int], _ hasZero: Bool) throws {
    let gradients = Self.random(shape, 11)
    if hasZero { gradients.selecting(1, along: 0).multiplyInPlace(by: 0) }
    let found = try GradientAlignment(gradients)
    let steps = shape[0]
    let rows = gradients.reshaped([steps, -1])
    let norms = rows.norm(along: [1]).scalars(of: Double.self)
    expectClose(found.norms, norms, relative: 1e-12)
    var cosines: [Double] = []
    for s in 0..<steps {
      for t in 0..<steps where s != t && norms[s] > 0 && norms[t] > 0 {
        cosines.append(
          rows.selecting(s, along: 0).dot(rows.selecting(t, along: 0)).item()
            / (norms[s] * norms[t]))
      }
    }
    if cosines.isEmpty {
      #expect(found.meanCosine == nil)
    } else {
      expectClose(
        found.meanCosine!, cosines.reduce(0, +) / Double(cosines.count), relative: 1e-10)
    }
    let singular = try rows.singularValues().squared().scalars(of: Double.self)
    expectClose(
      found.commonDirectionShare!, singular[0] / singular.reduce(0, +), relative: 1e-10)
    let total = gradients.sum(along: [0]).reshaped([shape[1], -1])
    let (u, s, vh) = try total.singularValueDecomposition()
    let sigma = s.scalars(of: Double.self)
    expectClose(
      found.rankOneShare!, sigma[0] * sigma[0] / total.squared().sum().item(), relative: 1e-10)
    expectClose(
      found.coherence!,
      total.squared().sum().item() / (Double(steps) * norms.reduce(0) { $0 + $1 * $1 }),
      relative: 1e-10)
    let (u1, v1) = (u.selecting(0, along: 1), vh.selecting(0, along: 0))
    for step in 0..<steps {
      let matrix = gradients.selecting(step, along: 0).reshaped([shape[1], -1])
      let share = u1.dot(matrix.times(vector: v1)).item()
      if norms[step] == 0 {
        #expect(found.dominantCosines[step] == nil)
      } else {
        expectClose(found.dominantCosines[step]!, share / norms[step], absolute: 1e-10)
      }
    }
  }

  @Test func `a mean over batches skips what is not there`() throws {
    let some = try GradientAlignment(Self.random([2, 3, 3], 5))
    let none = try GradientAlignment(Tensor.zeros([2, 3, 3]))
    let mean = GradientAlignment(meanOf: [some, none])
    #expect(mean.coherence == some.coherence && mean.dominantCosines == some.dominantCosines)
    expectClose(mean.norm, some.norm / 2, relative: 1e-12)
    #expect(GradientAlignment(meanOf: [some]) == some)
    let other = try GradientAlignment(Self.random([2, 3, 3], 6))
    let both = GradientAlignment(meanOf: [some, none, other])
    let measures: [KeyPath<GradientAlignment, Double?>] = [
      \.meanCosine, \.coherence, \.commonDirectionShare, \.rankOneShare,
    ]
    for measure in measures {
      expectClose(
        both[keyPath: measure]!, (some[keyPath: measure]! + other[keyPath: measure]!) / 2,
        relative: 1e-12)
    }
    expectClose(
      both.dominantCosines[1]!, (some.dominantCosines[1]! + other.dominantCosines[1]!) / 2,
      relative: 1e-12)
    expectClose(both.norms[1], (some.norms[1] + other.norms[1]) / 3, relative: 1e-12)
  }

  /// Two examples: one whose steps are parallel, one whose steps are opposite; a third without gradient.
  @Test func `at the images, every example counts for itself`() {
    let gradients = Tensor([1.0, 2, 0, 3, 0, 0, 2, 4, 0, -1, 0, 0], shape: [2, 3, 2])
    let found = GradientAlignment.Images(gradients)
    #expect(found.examples == 2)
    expectClose(found.meanCosine!, 0, absolute: 1e-12)
    let first = GradientAlignment.Images(gradients.slicing(0..<1, along: 1))
    expectClose(first.meanCosine!, 1, relative: 1e-12)
    let mean = GradientAlignment.Images(meanOf: [found, first])
    #expect(mean.examples == 3)
    expectClose(mean.meanCosine!, 1 / 3.0, relative: 1e-12)
  }
}
