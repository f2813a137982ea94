import Testing
import Torch

@testable import Optimization

/// CTorch's passes over a float32 matrix, in every width of vectors that the processor has, against float64.
@Suite struct FusedMatrixTests {
  static let shapes: [(Int, Int)] = [
    (1, 5), (5, 1), (2, 2), (7, 33), (33, 7), (64, 27), (130, 577), (577, 130), (12, 9001),
    (9001, 12), (300, 1024),
  ]

  /// 4, and 8 and 16 where there are instructions for them.
  static let lanes: [Int] = [4, 8, 16].filter { lanes in
    let gram = try? Operator("spikeguard::gram_matrix")
    return (try? gram?(Tensor.ones([2, 2]), true, lanes)) != nil
  }

  /// The matrix, and one of the same numbers whose columns stand in memory one behind the other.
  static func inBothOrders(_ g: Tensor) -> [Tensor] {
    [g.contiguous(), g.transposed().contiguous().transposed()]
  }

  static func forEach(_ shape: Int, _ body: (FusedMatrix, Tensor) throws -> Void) throws {
    let (rows, columns) = shapes[shape]
    let g = Matrices.noise([rows, columns], seed: UInt64(shape)) + 0.3
    for matrix in inBothOrders(g) {
      for lanes in lanes {
        try body(try #require(FusedMatrix(matrix, lanes: lanes)), matrix)
      }
    }
  }

  /// A of K = AAᵀ in float64.
  static func wide(_ g: Tensor) -> Tensor {
    let wide = g.converted(to: .float64)
    return g.size(0) <= g.size(1) ? wide : wide.transposed()
  }

  @Test func `there are kernels to test`() { #expect(Self.lanes.contains(4)) }

  @Test(arguments: shapes.indices)
  func `an image, its square and its residual are those of float64`(_ shape: Int) throws {
    try Self.forEach(shape) { fused, matrix in
      let a = Self.wide(matrix)
      let unit = Tensor.normal([a.size(0)], using: Generator(seed: 9))
      let u = unit.converted(to: .float64)
      let image = a.transposed().times(vector: u)
      let square = image.dot(image).item()
      let product = a.times(vector: image)
      let miss = (product - u * square).norm().item()
      let found = fused.image(of: unit)
      #expect(found.image.dtype == .float32)
      let scale = a.norm().item() * u.norm().item()
      #expect((found.image.converted(to: .float64) - image).norm().item() <= 1e-6 * scale)
      #expect(abs(found.square / square - 1) < 1e-6)
      #expect(abs(found.miss - miss) <= 1e-6 * a.norm().item() * scale)
    }
  }

  @Test(arguments: shapes.indices)
  func `the small Gram matrix is that of float64 and symmetric`(_ shape: Int) throws {
    guard min(Self.shapes[shape].0, Self.shapes[shape].1) <= 130 else { return }
    try Self.forEach(shape) { fused, matrix in
      let a = Self.wide(matrix)
      let gram = fused.gram()
      #expect(relativeError(gram, a.matmul(a.transposed())) < 1e-13)
      #expect(gram.isIdentical(to: gram.transposed().contiguous()))
    }
  }

  @Test(arguments: shapes.indices)
  func `Lanczos steps span an orthonormal basis in which K is tridiagonal`(_ shape: Int) throws {
    let side = min(Self.shapes[shape].0, Self.shapes[shape].1)
    guard side > 2 else { return }
    try Self.forEach(shape) { fused, matrix in
      let a = Self.wide(matrix)
      let capacity = min(side, 6)
      var run = FusedLanczosRun(
        fused, start: Tensor.normal([side], using: Generator(seed: 5)), capacity: capacity)
      run.advance(by: 1)
      run.advance(by: 2)
      run.advance(by: 99)
      #expect(run.steps == capacity && run.isComplete)
      let known = run.tridiagonal()
      let basis = Tensor.stacking(
        (0..<known.steps).map { index in
          run.combination((0..<known.steps).map { $0 == index ? 1 : 0 })
        })
      #expect(
        (basis.matmul(basis.transposed()) - Tensor.identity(known.steps, dtype: .float64))
          .norm(.infinity).item() < 1e-12)
      let image = basis.matmul(a)
      let projected = image.matmul(image.transposed())
      var t = [Double](repeating: 0, count: known.steps * known.steps)
      for i in 0..<known.steps {
        t[i * known.steps + i] = known.diagonal[i]
        guard i + 1 < known.steps else { continue }
        t[i * known.steps + i + 1] = known.offDiagonal[i]
        t[(i + 1) * known.steps + i] = known.offDiagonal[i]
      }
      let expected = Tensor(t, shape: [known.steps, known.steps])
      let error = (projected - expected).norm(.infinity).item()
      #expect(error <= 1e-6 * projected.norm(.infinity).item())
    }
  }

  /// More numbers than one thread takes alone.
  @Test(arguments: [(150, 14_000), (14_000, 150)] as [(Int, Int)])
  func `one thread and many give the same bits`(_ shape: (rows: Int, columns: Int)) throws {
    let g = Matrices.gradient(shape.rows, shape.columns, seed: 6)
    let start = Tensor.normal([150], using: Generator(seed: 7))
    func numbers() throws -> [Tensor] {
      let fused = try #require(FusedMatrix(g))
      var run = FusedLanczosRun(fused, start: start, capacity: 5)
      run.advance(by: 5)
      let known = run.tridiagonal()
      let (image, square, miss) = fused.image(of: start)
      return [
        Tensor(known.diagonal + known.offDiagonal + [square, miss]), image, fused.gram(),
      ]
    }
    let before = Engine.threads
    defer { Engine.threads = before }
    Engine.threads = 1
    let one = try numbers()
    for threads in [2, 3, 7] {
      Engine.threads = threads
      let many = try numbers()
      for (a, b) in zip(one, many) { #expect(a.isIdentical(to: b)) }
    }
  }

  @Test func `the solver finds with its own passes what it finds with the engine's`() throws {
    for (rows, columns) in [(90, 400), (400, 90), (20, 600)] {
      let g = Matrices.gradient(rows, columns, seed: 8)
      let ours = try GramLanczos().leadingTriple(
        of: g, norm: g.norm().item(), start: nil, spectrum: true)
      let theirs = try GramLanczos(isFused: false).leadingTriple(
        of: g, norm: g.norm().item(), start: nil, spectrum: true)
      #expect(abs(ours.sigma / theirs.sigma - 1) < 1e-6)
      #expect(abs(ours.second / theirs.second - 1) < 1e-4)
      #expect(relativeError(ours.removed(from: g), theirs.removed(from: g)) < 1e-4)
      #expect(!ours.fellBack && !theirs.fellBack)
    }
  }

  @Test func `other types are left to the engine's operators`() {
    #expect(FusedMatrix(Tensor.ones([3, 4], dtype: .float64)) == nil)
  }
}
