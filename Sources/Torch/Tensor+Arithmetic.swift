extension Tensor {
  private enum Op {
    static let add = Operator(known: "add", "Tensor")
    static let addScalar = Operator(known: "add", "Scalar")
    static let sub = Operator(known: "sub", "Tensor")
    static let rsub = Operator(known: "rsub", "Scalar")
    static let mul = Operator(known: "mul", "Tensor")
    static let mulScalar = Operator(known: "mul", "Scalar")
    static let div = Operator(known: "div", "Tensor")
    static let divScalar = Operator(known: "div", "Scalar")
    static let neg = Operator(known: "neg")
    static let pow = Operator(known: "pow", "Tensor_Scalar")
    static let abs = Operator(known: "abs")
    static let sign = Operator(known: "sign")
    static let exp = Operator(known: "exp")
    static let log = Operator(known: "log")
    static let sqrt = Operator(known: "sqrt")
    static let tanh = Operator(known: "tanh")
    static let atan = Operator(known: "atan")
    static let sigmoid = Operator(known: "sigmoid")
    static let relu = Operator(known: "relu")
    static let clamp = Operator(known: "clamp")
    static let maximum = Operator(known: "maximum")
    static let minimum = Operator(known: "minimum")
    static let select = Operator(known: "where", "self")
    static let addInPlace = Operator(known: "add_", "Tensor")
    static let mulInPlace = Operator(known: "mul_", "Scalar")
    static let copyInPlace = Operator(known: "copy_")
  }

  // Tensor with tensor: shapes broadcast, types promote.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    must { () throws(TorchError) in try Op.add(a, b) }
  }
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    must { () throws(TorchError) in try Op.sub(a, b) }
  }
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    must { () throws(TorchError) in try Op.mul(a, b) }
  }
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    must { () throws(TorchError) in try Op.div(a, b) }
  }
  public static prefix func - (a: Tensor) -> Tensor {
    must { () throws(TorchError) in try Op.neg(a) }
  }

  // Tensor with number: a floating-point tensor keeps its type.
  public static func + (a: Tensor, b: Double) -> Tensor {
    must { () throws(TorchError) in try Op.addScalar(a, b) }
  }
  public static func - (a: Tensor, b: Double) -> Tensor { a + (-b) }
  public static func * (a: Tensor, b: Double) -> Tensor {
    must { () throws(TorchError) in try Op.mulScalar(a, b) }
  }
  public static func / (a: Tensor, b: Double) -> Tensor {
    must { () throws(TorchError) in try Op.divScalar(a, b) }
  }
  public static func + (a: Double, b: Tensor) -> Tensor { b + a }
  public static func * (a: Double, b: Tensor) -> Tensor { b * a }
  public static func - (a: Double, b: Tensor) -> Tensor {
    must { () throws(TorchError) in try Op.rsub(b, a) }
  }

  /// Each element to a power.
  public func power(_ exponent: Double) -> Tensor {
    must { () throws(TorchError) in try Op.pow(self, exponent) }
  }
  public func squared() -> Tensor { self * self }
  public func magnitude() -> Tensor { must { () throws(TorchError) in try Op.abs(self) } }
  /// −1, 0 or 1.
  public func sign() -> Tensor { must { () throws(TorchError) in try Op.sign(self) } }
  public func exponential() -> Tensor { must { () throws(TorchError) in try Op.exp(self) } }
  public func logarithm() -> Tensor { must { () throws(TorchError) in try Op.log(self) } }
  public func squareRoot() -> Tensor { must { () throws(TorchError) in try Op.sqrt(self) } }
  public func hyperbolicTangent() -> Tensor { must { () throws(TorchError) in try Op.tanh(self) } }
  public func arctangent() -> Tensor { must { () throws(TorchError) in try Op.atan(self) } }
  public func sigmoid() -> Tensor { must { () throws(TorchError) in try Op.sigmoid(self) } }
  public func relu() -> Tensor { must { () throws(TorchError) in try Op.relu(self) } }

  /// Elements below or above the bounds become the bounds.
  public func clamped(_ low: Double?, _ high: Double?) -> Tensor {
    must { () throws(TorchError) in try Op.clamp(self, low, high) }
  }

  /// The larger of two tensors, element by element.
  public static func maximum(_ a: Tensor, _ b: Tensor) -> Tensor {
    must { () throws(TorchError) in try Op.maximum(a, b) }
  }
  /// The smaller of two tensors, element by element.
  public static func minimum(_ a: Tensor, _ b: Tensor) -> Tensor {
    must { () throws(TorchError) in try Op.minimum(a, b) }
  }
  /// `yes` where the mask holds, else `no`.
  public static func select(_ mask: Tensor, _ yes: Tensor, _ no: Tensor) -> Tensor {
    must { () throws(TorchError) in try Op.select(mask, yes, no) }
  }

  /// self + scale · other, in one pass.
  public func adding(_ other: Tensor, scale: Double) -> Tensor {
    must { () throws(TorchError) in try Op.add(self, other, scale) }
  }

  // In place: every tensor that shares this memory sees the change.

  /// self ← self + scale · other
  public func addInPlace(_ other: Tensor, scale: Double = 1) {
    _ = must { () throws(TorchError) in try Op.addInPlace(self, other, scale) }
  }
  /// self ← factor · self
  public func multiplyInPlace(by factor: Double) {
    _ = must { () throws(TorchError) in try Op.mulInPlace(self, factor) }
  }
  /// self ← other, broadcast and converted where needed
  public func copyInPlace(from other: Tensor) {
    _ = must { () throws(TorchError) in try Op.copyInPlace(self, other) }
  }
}

extension Tensor {
  private enum Compare {
    static let eq = Operator(known: "eq", "Tensor")
    static let eqScalar = Operator(known: "eq", "Scalar")
    static let gtScalar = Operator(known: "gt", "Scalar")
    static let geScalar = Operator(known: "ge", "Scalar")
    static let ltScalar = Operator(known: "lt", "Scalar")
    static let leScalar = Operator(known: "le", "Scalar")
    static let gt = Operator(known: "gt", "Tensor")
    static let and = Operator(known: "logical_and")
    static let not = Operator(known: "logical_not")
    static let isFinite = Operator(known: "isfinite")
  }

  // Comparisons give a Boolean tensor.
  public static func .== (a: Tensor, b: Tensor) -> Tensor {
    must { () throws(TorchError) in try Compare.eq(a, b) }
  }
  public static func .== (a: Tensor, b: Double) -> Tensor {
    must { () throws(TorchError) in try Compare.eqScalar(a, b) }
  }
  public static func .> (a: Tensor, b: Tensor) -> Tensor {
    must { () throws(TorchError) in try Compare.gt(a, b) }
  }
  public static func .> (a: Tensor, b: Double) -> Tensor {
    must { () throws(TorchError) in try Compare.gtScalar(a, b) }
  }
  public static func .>= (a: Tensor, b: Double) -> Tensor {
    must { () throws(TorchError) in try Compare.geScalar(a, b) }
  }
  public static func .< (a: Tensor, b: Double) -> Tensor {
    must { () throws(TorchError) in try Compare.ltScalar(a, b) }
  }
  public static func .<= (a: Tensor, b: Double) -> Tensor {
    must { () throws(TorchError) in try Compare.leScalar(a, b) }
  }
  public static func .& (a: Tensor, b: Tensor) -> Tensor {
    must { () throws(TorchError) in try Compare.and(a, b) }
  }
  public static prefix func .! (a: Tensor) -> Tensor {
    must { () throws(TorchError) in try Compare.not(a) }
  }
  /// True where an element is neither infinite nor NaN.
  public func isFinite() -> Tensor { must { () throws(TorchError) in try Compare.isFinite(self) } }
}

prefix operator .!
