import Curvature
import TestSupport
import Testing
import Torch

/// The four products of small losses, written out as matrices, in float64.
@Suite struct DenseProductTests {
  /// H = mean over b of (diag p − ppᵀ) ⊗ xxᵀ, whose rows and columns are (class, feature).
  @Test func `of a linear classifier under cross-entropy are the closed form`() throws {
    let x = randomTensor([7, 4], seed: 1, dtype: .float64)
    let labels = Tensor([0, 1, 2, 1, 1, 0, 2])
    let weight = randomTensor([3, 4], seed: 2, dtype: .float64).requiringGradient()
    let loss = LossFunction(
      of: ["weight": weight],
      over: [.init(outputs: { x.linear(weight) }, loss: { $0.crossEntropy(labels) })])
    let p = x.linear(weight.detached()).logSoftmax(along: 1).exponential()
    var expected = Tensor.zeros([12, 12], dtype: .float64)
    for b in 0..<7 {
      let (share, input) = (p[b..<b + 1].reshaped([3]), x[b..<b + 1].reshaped([4]))
      let curvature = Tensor.identity(3, dtype: .float64) * share - share.outer(share)
      let both = curvature.reshaped([3, 1, 3, 1]) * input.outer(input).reshaped([1, 4, 1, 4])
      expected = expected + both.reshaped([12, 12]) / 7
    }
    for product in CurvatureProduct.allCases {
      expectClose(
        try loss.matrix(product), expected, relative: 1e-12, absolute: 1e-14, "\(product)")
    }
    expectClose(
      try loss.evaluated().loss, x.linear(weight.detached()).crossEntropy(labels).item(),
      relative: 1e-14)
  }

  @Test(arguments: [CurvatureProduct.transposedJacobian, .jacobian, .symmetricPart])
  func `of a perceptron is the gradient's change`(_ product: CurvatureProduct) throws {
    let loss = TanhNetwork().loss
    let matrix = try loss.matrix(product)
    let expected = dense(matrix.size(0)) { loss.centralDifference($0) }
    expectClose(matrix, expected, relative: 1e-6, absolute: 1e-9)
    #expect(asymmetry(matrix) < 1e-14)
  }

  /// J_f row by row and H_ℓ in closed form: diag p − ppᵀ for each example.
  @Test func `Gauss–Newton is the product of its three factors, semidefinite and not the Hessian`()
    throws
  {
    let network = TanhNetwork()
    let loss = network.loss
    let outputs = loss.batches[0].outputs()
    let (b, c) = (outputs.size(0), outputs.size(1))
    var rows: [Tensor] = []
    for index in 0..<b * c {
      let picked = outputs.reshaped([b * c]).selecting(index, along: 0)
      let gradients = picked.gradients(of: loss.parameters.tensors, retainGraph: true)
      rows.append(.concatenating(gradients.map { $0.reshaped([-1]) }))
    }
    let jacobian = Tensor.stacking(rows)
    let p = outputs.detached().logSoftmax(along: 1).exponential()
    var expected = Tensor.zeros([jacobian.size(1), jacobian.size(1)], dtype: .float64)
    for example in 0..<b {
      let share = p.selecting(example, along: 0)
      let curvature = (Tensor.identity(c, dtype: .float64) * share - share.outer(share)) / Double(b)
      let part = jacobian[example * c..<(example + 1) * c]
      expected = expected + part.transposed().matmul(curvature).matmul(part)
    }
    let matrix = try loss.matrix(.gaussNewton)
    expectClose(matrix, expected, relative: 1e-10, absolute: 1e-13)
    let values = try matrix.symmetricEigenDecomposition().values
    #expect(values.min().item() > -1e-14 && values.max().item() > 1e-2)
    #expect((matrix - (try loss.matrix(.jacobian))).norm().item() > 1e-2)
  }

  @Test(arguments: CurvatureProduct.allCases)
  func `is linear, symmetric, and repeats itself to the bit`(_ product: CurvatureProduct) throws {
    for loss in [TanhNetwork().loss, try NetworkCase().loss()] {
      let curvature = try LossCurvature(of: loss, product: product)
      func random(_ seed: UInt64) -> Tensor {
        randomTensor([curvature.dimension], seed: seed, dtype: .float64)
      }
      let (u, v) = (random(1), random(2))
      let (first, second) = (try curvature(u), try curvature(v))
      expectClose(
        try curvature(u * 3 - v * 0.5), first * 3 - second * 0.5, relative: 0, absolute: 1e-12)
      expectClose(u.dot(second).item(), v.dot(first).item(), relative: 1e-10)
      #expect(try curvature(u).isIdentical(to: first))
      #expect(first.norm().item() > 1e-4)
      #expect(curvature.productCount == 4)
      #expect(try curvature(Tensor.zeros(like: u)).norm().item() == 0)
    }
  }

  @Test(arguments: CurvatureProduct.allCases)
  func `is in float32 close to what it is in float64`(_ product: CurvatureProduct) throws {
    let wide = try LossCurvature(of: TanhNetwork().loss, product: product)
    let narrow = try LossCurvature(of: TanhNetwork(dtype: .float32).loss, product: product)
    let v = randomTensor([wide.dimension], seed: 1)
    let (a, b) = (try narrow(v), try wide(v.converted(to: .float64)))
    #expect(a.dtype == .float32)
    expectClose(a, b, relative: 1e-4, absolute: 1e-5)
  }

  /// Batches of 4, 2 and 1 images: the mean over examples of the union is their mean weighted by size.
  @Test(arguments: CurvatureProduct.allCases)
  func `of unequal batches is that of their union`(_ product: CurvatureProduct) throws {
    let network = TanhNetwork()
    let parts = LossFunction(
      of: network.parameters,
      over: [network.batch(0..<4), network.batch(4..<6), network.batch(6..<7)])
    let (streamed, whole) = (
      try LossCurvature(of: parts, product: product),
      try LossCurvature(of: network.loss, product: product)
    )
    for seed in [1, 2] as [UInt64] {
      let v = randomTensor([whole.dimension], seed: seed, dtype: .float64)
      expectClose(try streamed(v), try whole(v), relative: 1e-11, absolute: 1e-13)
    }
    expectClose(try streamed.gradient(), try whole.gradient(), relative: 1e-12, absolute: 1e-14)
    let (a, b) = (try parts.evaluated(), try network.loss.evaluated())
    expectClose(a.loss, b.loss, relative: 1e-14)
    expectClose(a.gradient, try whole.gradient(), relative: 1e-12, absolute: 1e-14)
  }

  @Test(arguments: CurvatureProduct.allCases)
  func `of parameters that have no part in the curvature is zero`(_ product: CurvatureProduct)
    throws
  {
    let used = randomTensor([3], seed: 1, dtype: .float64).requiringGradient()
    let unused = randomTensor([2], seed: 2, dtype: .float64).requiringGradient()
    let v = randomTensor([5], seed: 3, dtype: .float64)
    let linear = LossFunction(
      of: ["used": used, "unused": unused],
      over: [.init(outputs: { used * 2 }, loss: { $0.sum() })])
    let flat = try LossCurvature(of: linear, product: product)
    #expect(try flat(v).scalars(of: Double.self) == [0, 0, 0, 0, 0])
    #expect(try flat.gradient().scalars(of: Double.self) == [2, 2, 2, 0, 0])

    // 2 on the diagonal for the used ones.
    let square = LossFunction(
      of: ["unused": unused, "used": used],
      over: [.init(outputs: { used * 1 }, loss: { $0.squared().sum() })])
    let found = try LossCurvature(of: square, product: product)(v)
    expectClose(found, v * Tensor([0.0, 0, 2, 2, 2]), relative: 1e-14)
  }

  @Test func `one kept graph serves all products in any order`() throws {
    let loss = TanhNetwork().loss
    let curvature = try LossCurvature(of: loss)
    let v = randomTensor([curvature.dimension], seed: 1, dtype: .float64)
    let order: [CurvatureProduct] = [
      .gaussNewton, .symmetricPart, .transposedJacobian, .jacobian, .gaussNewton, .jacobian,
    ]
    for product in order {
      let alone = try LossCurvature(of: loss, product: product)(v)
      #expect(try curvature.times(v, product).isIdentical(to: alone))
    }
  }

  /// As an evaluation would be written.
  @Test func `is recorded even where the caller records nothing`() throws {
    let curvature = try LossCurvature(of: TanhNetwork().loss)
    let v = randomTensor([curvature.dimension], seed: 1, dtype: .float64)
    let expected = try curvature(v)
    let silent = try withoutGradients {
      try LossCurvature(of: TanhNetwork().loss, product: .jacobian)(v)
    }
    expectClose(silent, expected, relative: 1e-10, absolute: 1e-13)
    #expect(!silent.requiresGradient && !expected.requiresGradient)
  }
}
