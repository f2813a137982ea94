import TestSupport
import Testing
import Torch

@Suite struct LinearAlgebraTests {
  @Test func products() {
    let a = randomTensor([2, 3, 4], seed: 1, dtype: .float64)
    let b = randomTensor([4, 5], seed: 2, dtype: .float64)
    let (x, y) = (Plain(a), Plain(b))
    let expected = Plain([2, 3, 5]) { i in
      (0..<4).reduce(0) { $0 + x[[i[0], i[1], $1]] * y[[$1, i[2]]] }
    }
    expectClose(a.matmul(b), expected.tensor, relative: 1e-12, absolute: 1e-13)
    expectClose(
      restrided(a).matmul(restrided(b)), expected.tensor, relative: 1e-12, absolute: 1e-13)
    let (u, v) = (Tensor([1.0, 2, 3]), Tensor([4.0, 5, 6]))
    #expect(u.dot(v).item() == 32)
    #expect(u.outer(Tensor([1.0, 10])).scalars(of: Int.self) == [1, 10, 2, 20, 3, 30])
    let matrix = Tensor([1.0, 2, 3, 4, 5, 6], shape: [2, 3])
    #expect(matrix.times(vector: v).scalars(of: Int.self) == [32, 77])
    matrix.addOuterInPlace(Tensor([1.0, 10]), v, scale: -2)
    #expect(matrix.scalars(of: Int.self) == [-7, -8, -9, -76, -95, -114])
  }

  static let shapes = [[7, 4], [4, 7], [5, 5], [1, 6], [6, 1]]

  @Test(arguments: shapes)
  func singularValueDecomposition(shape: [Int]) throws {
    let a = randomTensor(shape, seed: 5, dtype: .float64)
    let (u, s, vh) = try a.singularValueDecomposition()
    let k = shape.min()!
    #expect(u.shape == [shape[0], k] && s.shape == [k] && vh.shape == [k, shape[1]])
    expectClose((u * s).matmul(vh), a, relative: 1e-12, absolute: 1e-13)
    let identity = Tensor.identity(k, dtype: .float64)
    expectClose(u.transposed().matmul(u), identity, relative: 0, absolute: 1e-13)
    expectClose(vh.matmul(vh.transposed()), identity, relative: 0, absolute: 1e-13)
    let values = s.scalars(of: Double.self)
    #expect(values == values.sorted(by: >) && values.allSatisfy { $0 >= 0 })
    expectClose(try a.singularValues(), s, relative: 1e-12)
  }

  @Test func decompositionOfNaNThrows() {
    let a = Tensor([1.0, .nan, 0, 1], shape: [2, 2])
    #expect(throws: TorchError.self) { try a.singularValueDecomposition() }
    #expect(throws: TorchError.self) { try a.singularValues() }
    let singular = Tensor.zeros([2, 2])
    #expect(throws: TorchError.self) { try singular.solving(Tensor.ones([2, 1])) }
  }

  @Test func symmetricEigenDecomposition() throws {
    let b = randomTensor([6, 6], seed: 6, dtype: .float64)
    let a = b + b.transposed()
    let (values, vectors) = try a.symmetricEigenDecomposition()
    let identity = Tensor.identity(6, dtype: .float64)
    expectClose(vectors.transposed().matmul(vectors), identity, relative: 0, absolute: 1e-13)
    expectClose(
      (vectors * values).matmul(vectors.transposed()), a, relative: 1e-11, absolute: 1e-12)
    let numbers = values.scalars(of: Double.self)
    #expect(numbers == numbers.sorted() && numbers[0] < 0 && numbers[5] > 0)
  }

  @Test(arguments: shapes)
  func qr(shape: [Int]) {
    let a = randomTensor(shape, seed: 7, dtype: .float64)
    let (q, r) = a.qr()
    expectClose(q.matmul(r), a, relative: 1e-12, absolute: 1e-13)
    let identity = Tensor.identity(shape.min()!, dtype: .float64)
    expectClose(q.transposed().matmul(q), identity, relative: 0, absolute: 1e-13)
    let upper = Plain(r)
    #expect(Plain.indices(of: r.shape).allSatisfy { $0[0] <= $0[1] || upper[$0] == 0 })
  }

  @Test func solving() throws {
    let a = randomTensor([5, 5], seed: 8, dtype: .float64)
    let b = randomTensor([5, 3], seed: 9, dtype: .float64)
    expectClose(a.matmul(try a.solving(b)), b, relative: 1e-11, absolute: 1e-12)
  }
}
