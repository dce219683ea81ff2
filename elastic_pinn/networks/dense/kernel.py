"""The sum of a multilayer perceptron's squared misfits, and all its gradients, compiled for the processor at hand.

A few points at a time are taken forward through all layers, through the equations, and back through all layers, so that
their intermediate results stay in a core's own cache: a step then costs little more than its matrix products. The
mathematics is that of jets.py and equations.py; numba compiles it once a machine, and keeps the code beside this file.

Letters: n points of a chunk, J jet components, C and D channels, M = n C numbers of a component, K operators, L hidden
layers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from elastic_pinn.networks.dense.kernel_cache import can_keep_compiled_code

ACTIVATIONS = {"tanh": 0, "sin": 1, "swish": 2}
EMBEDDING = 3  # and more: sines that are not trained, but so many channels less 3, the first ones, stay as they are
BLOCK = 512  # numbers of a component that pass through a nonlinearity together, in the first-level cache

# No flag that allows the compiler to ignore NaN and infinity: a diverging run must be noticed.
compiled: Any = njit(
    cache=can_keep_compiled_code(),
    nogil=True,
    error_model="numpy",
    fastmath={"contract", "reassoc", "nsz", "arcp"},
)

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # k LN2_HIGH is exact
TWO_OVER_PI = 0.6366197723675814
HALF_PI = (1.57079632673412561417e00, 6.07710050630396597660e-11, 2.02226624879595063154e-21)  # k HALF_PI[0] is exact
POWERS = 2.0 ** np.arange(-80.0, 1.0)


@compiled
def _decay(x):
    """exp(-x) for x >= 0, to rounding; from x = 55 on exp(-55), which is nothing beside 1."""
    x = -min(x, 55.0)
    k = np.floor(x * LOG2_E + 0.5)
    r = (x - k * LN2_HIGH) - k * LN2_LOW  # |r| <= ln 2 / 2: Taylor's series to 12 terms
    p = 1 / 479001600
    p = p * r + 1 / 39916800
    p = p * r + 1 / 3628800
    p = p * r + 1 / 362880
    p = p * r + 1 / 40320
    p = p * r + 1 / 5040
    p = p * r + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 1 / 2
    p = p * r + 1.0
    p = p * r + 1.0
    if not k > -80.0:  # NaN, too, needs a legal index; it is in r already
        k = -80.0
    return p * POWERS[np.int64(k) + 80]


@compiled
def _tanh(z, f0, f1, f2, f3):
    """tanh and its first three derivatives, each (M,)."""
    for m in range(z.size):
        x = np.float64(z[m])
        e = _decay(2.0 * abs(x))
        t = np.copysign((1.0 - e) / (1.0 + e), x)
        s = 1.0 - t * t
        f0[m] = t
        f1[m] = s
        f2[m] = -2.0 * t * s
        f3[m] = s * (6.0 * t * t - 2.0)


@compiled
def _sin(z, f0, f1, f2, f3):
    """sin and its first three derivatives, each (M,)."""
    for m in range(z.size):
        x = np.float64(z[m])
        k = np.floor(x * TWO_OVER_PI + 0.5)
        r = ((x - k * HALF_PI[0]) - k * HALF_PI[1]) - k * HALF_PI[2]  # |r| <= pi / 4: Taylor's series
        q = r * r
        s = 1 / 6227020800 - q / 1307674368000
        s = s * q - 1 / 39916800
        s = s * q + 1 / 362880
        s = s * q - 1 / 5040
        s = s * q + 1 / 120
        s = s * q - 1 / 6
        s = r + r * q * s
        c = q / 20922789888000 - 1 / 87178291200
        c = c * q + 1 / 479001600
        c = c * q - 1 / 3628800
        c = c * q + 1 / 40320
        c = c * q - 1 / 720
        c = c * q + 1 / 24
        c = c * q - 1 / 2
        c = 1.0 + q * c
        quadrant = np.int64(k) & 3
        sine = c if quadrant & 1 else s
        cosine = s if quadrant & 1 else c
        sine = -sine if quadrant & 2 else sine
        cosine = -cosine if (quadrant + 1) & 2 else cosine
        f0[m] = sine
        f1[m] = cosine
        f2[m] = -sine
        f3[m] = -cosine


@compiled
def _swish(z, f0, f1, f2, f3):
    """z times the logistic function, and its first three derivatives, each (M,)."""
    for m in range(z.size):
        x = np.float64(z[m])
        e = _decay(abs(x))
        s = (1.0 if x >= 0.0 else e) / (1.0 + e)
        s1 = s * (1.0 - s)
        s2 = s1 * (1.0 - 2.0 * s)
        f0[m] = x * s
        f1[m] = s + x * s1
        f2[m] = 2.0 * s1 + x * s2
        f3[m] = 3.0 * s2 + x * s1 * (1.0 - 6.0 * s1)


@compiled
def _nonlinear(kind, z, f, y, pairs):
    """y_a = f' z_a, y_ab = f' z_ab + f'' z_a z_b: z and y (J, M), f (3, M), pairs (J, 2), -1 but for a second one."""
    for low in range(0, z.shape[1], BLOCK):
        part = slice(low, min(low + BLOCK, z.shape[1]))
        f1, f2, f3 = f[0, part], f[1, part], f[2, part]
        if kind == 0:
            _tanh(z[0, part], y[0, part], f1, f2, f3)
        elif kind == 2:
            _swish(z[0, part], y[0, part], f1, f2, f3)
        else:
            _sin(z[0, part], y[0, part], f1, f2, f3)
        for j in range(1, len(pairs)):
            z_j, y_j = z[j, part], y[j, part]
            if pairs[j, 0] < 0:
                for m in range(z_j.size):
                    y_j[m] = f1[m] * z_j[m]
            else:
                z_a, z_b = z[pairs[j, 0], part], z[pairs[j, 1], part]
                for m in range(z_j.size):
                    y_j[m] = f1[m] * z_j[m] + f2[m] * z_a[m] * z_b[m]


@compiled
def _nonlinear_back(f, z, g, pairs):
    """From the gradient by y to that by z, in its place: f (3, M), z and g (J, M). First derivatives come before second
    ones, so that they are complete when these are added to them."""
    for low in range(0, z.shape[1], BLOCK):
        part = slice(low, min(low + BLOCK, z.shape[1]))
        f1, f2, f3, g_0 = f[0, part], f[1, part], f[2, part], g[0, part]
        for m in range(g_0.size):
            g_0[m] *= f1[m]
        for j in range(1, len(pairs)):
            a, b = pairs[j]
            z_j, g_j = z[j, part], g[j, part]
            if a < 0:
                for m in range(g_0.size):
                    g_0[m] += g_j[m] * f2[m] * z_j[m]
                    g_j[m] *= f1[m]
            elif a == b:
                z_a, g_a = z[a, part], g[a, part]
                for m in range(g_0.size):
                    g_0[m] += g_j[m] * (f2[m] * z_j[m] + f3[m] * z_a[m] * z_a[m])
                    g_a[m] += g_j[m] * f2[m] * (z_a[m] + z_a[m])
                    g_j[m] *= f1[m]
            else:
                z_a, g_a, z_b, g_b = z[a, part], g[a, part], z[b, part], g[b, part]
                for m in range(g_0.size):
                    g_0[m] += g_j[m] * (f2[m] * z_j[m] + f3[m] * z_a[m] * z_b[m])
                    g_a[m] += g_j[m] * f2[m] * z_b[m]
                    g_b[m] += g_j[m] * f2[m] * z_a[m]
                    g_j[m] *= f1[m]


@compiled
def _enter(points, axes, columns, bias, z):
    """The first layer, of which only the value depends on the point: points (n, 3), axes (J,) the coordinate that a
    first derivative is by, else -1, columns (3, C) the weights by the coordinates, z (J, n, C)."""
    for i in range(len(points)):
        x, y, t, row = points[i, 0], points[i, 1], points[i, 2], z[0, i]
        for c in range(len(bias)):
            row[c] = columns[0, c] * x + columns[1, c] * y + columns[2, c] * t + bias[c]
    for j in range(1, len(axes)):
        for i in range(len(points)):
            row = z[j, i]
            for c in range(len(bias)):
                row[c] = columns[axes[j], c] if axes[j] >= 0 else 0.0


@compiled
def _enter_back(points, axes, g, columns_grad):
    """Add the gradients by the first layer's weights to columns_grad (3, C): g (J, n, C)."""
    for i in range(len(points)):
        x, y, t, row = points[i, 0], points[i, 1], points[i, 2], g[0, i]
        for c in range(len(row)):
            columns_grad[0, c] += row[c] * x
            columns_grad[1, c] += row[c] * y
            columns_grad[2, c] += row[c] * t
    for j in range(1, len(axes)):
        if axes[j] >= 0:
            column = columns_grad[axes[j]]
            for i in range(len(points)):
                row = g[j, i]
                for c in range(len(column)):
                    column[c] += row[c]


@compiled
def _misfit_2x2(u, operator, coefficients, target, g, operator_grad):
    """As `_misfit`, for two equations in two outputs without gradients by coefficients, by loops of known length."""
    total = 0.0
    for i in range(u.shape[1]):
        for j in range(len(u)):
            g[j, i, 0] = g[j, i, 1] = 0.0
        for e in range(2):
            misfit = -target[i, e]
            for k in range(len(operator)):
                for j in range(len(u)):
                    misfit += coefficients[i, k] * (
                        operator[k, j, e, 0] * u[j, i, 0] + operator[k, j, e, 1] * u[j, i, 1]
                    )
            total += np.float64(misfit) ** 2
            for k in range(len(operator)):
                part = coefficients[i, k] * misfit
                for j in range(len(u)):
                    for c in range(2):
                        g[j, i, c] += part * operator[k, j, e, c]
                        operator_grad[k, j, e, c] += part * u[j, i, c]
    return total


@compiled
def _misfit(u, operator, coefficients, target, g, operator_grad, coefficients_grad):
    """The sum of the squared misfits; half its gradient by u is written to g (J, n, C), those by the operator and the
    coefficients are added to operator_grad and, if it is not (0, K), to coefficients_grad (n, K)."""
    total, outputs = 0.0, u.shape[2]
    if outputs == target.shape[1] == 2 and not len(coefficients_grad):
        return _misfit_2x2(u, operator, coefficients, target, g, operator_grad)
    g[:] = 0.0
    for i in range(u.shape[1]):
        for e in range(target.shape[1]):
            misfit = -target[i, e]
            for k in range(len(operator)):
                for j in range(len(u)):
                    for c in range(outputs):
                        misfit += coefficients[i, k] * operator[k, j, e, c] * u[j, i, c]
            total += np.float64(misfit) ** 2
            for k in range(len(operator)):
                part = coefficients[i, k] * misfit
                for j in range(len(u)):
                    for c in range(outputs):
                        g[j, i, c] += part * operator[k, j, e, c]
                        operator_grad[k, j, e, c] += part * u[j, i, c]
                        if len(coefficients_grad):
                            coefficients_grad[i, k] += misfit * operator[k, j, e, c] * u[j, i, c]
    return total


@compiled
def _offsets(widths):
    """Where each layer's weights and biases begin in the flat parameters: (layers,), (layers,)."""
    sizes = np.concatenate((widths[:-1] * widths[1:], widths[1:]))
    starts = np.cumsum(sizes) - sizes
    return starts[: len(widths) - 1], starts[len(widths) - 1 :]


@compiled
def _columns(flat, widths, scale):
    """The first layer's weights by the coordinates as they come, (3, C)."""
    columns = np.empty((3, widths[1]), flat.dtype)
    for c in range(widths[1]):
        for axis in range(3):
            columns[axis, c] = flat[3 * c + axis] / scale[axis]
    return columns


@compiled
def workspace_per_point(widths, size):
    """Return how many numbers of workspace a point needs, with J = size components."""
    return 2 * size * widths.max() + (2 * size + 3) * widths[1:-1].sum() + size * widths[-1]


@compiled
def _forward(flat, widths, kinds, columns, axes, pairs, points, inverted, workspace):
    """The jet of the output for a chunk of points, at the index into workspace that is returned; before it are, of each
    hidden layer, z (J n C), f (3 n C) and y (J n C)."""
    weight_at, bias_at = _offsets(widths)
    size, n, layers, at = len(axes), len(points), len(widths) - 1, 0
    for i in range(layers):
        c, d = widths[i], widths[i + 1]
        bias = flat[bias_at[i] : bias_at[i] + d]
        z = workspace[at : at + size * n * d]
        if i == 0:
            _enter(points, axes, columns, bias, z.reshape((size, n, d)))
        else:
            weight = flat[weight_at[i] : weight_at[i] + c * d].reshape((d, c))
            np.dot(workspace[at - size * n * c : at].reshape((size * n, c)), weight.T, z.reshape((size * n, d)))
            values = z[: n * d].reshape((n, d))
            values += bias
        if i == layers - 1:
            return at
        f = workspace[at + size * n * d : at + (size + 3) * n * d]
        y = workspace[at + (size + 3) * n * d : at + (2 * size + 3) * n * d]
        _nonlinear(kinds[i], z.reshape((size, n * d)), f.reshape((3, n * d)), y.reshape((size, n * d)), pairs)
        for channel in range(kinds[i] - EMBEDDING):
            y.reshape((size, n, d))[:, :, channel] = z.reshape((size, n, d))[:, :, channel]
        for channel in range(inverted.shape[2] if i == 0 else 0):
            y.reshape((size, n, d))[:, :, channel - inverted.shape[2]] = inverted[:, :, channel].T
        at += (2 * size + 3) * n * d
    return at


@compiled
def _backward(
    flat, widths, kinds, axes, pairs, points, workspace, at, g_here, g_there, product, flat_grad, columns_grad
):  # fmt: skip
    """Add half the gradients by all parameters for a chunk of points, from that by the output in g_here.

    Overwrites what `_forward` left in workspace before `at`, both g and product.
    """
    weight_at, bias_at = _offsets(widths)
    size, n, layers = len(axes), len(points), len(widths) - 1
    for i in range(layers - 1, -1, -1):
        c, d = widths[i], widths[i + 1]
        g = g_here[: size * n * d]
        if i < layers - 1:
            at -= (2 * size + 3) * n * d
            z, f = workspace[at : at + size * n * d], workspace[at + size * n * d : at + (size + 3) * n * d]
            _nonlinear_back(f.reshape((3, n * d)), z.reshape((size, n * d)), g.reshape((size, n * d)), pairs)
        bias_grad = flat_grad[bias_at[i] : bias_at[i] + d]
        for row in range(n):
            for column in range(d):
                bias_grad[column] += g[row * d + column]
        if i == 0:
            _enter_back(points, axes, g.reshape((size, n, d)), columns_grad)
            return
        rows, x = g.reshape((size * n, d)), workspace[at - size * n * c : at].reshape((size * n, c))
        np.dot(rows.T, x, product[: d * c].reshape((d, c)))
        weight_grad = flat_grad[weight_at[i] : weight_at[i] + c * d]
        for m in range(d * c):
            weight_grad[m] += product[m]
        if kinds[i - 1] >= EMBEDDING:
            return
        weight = flat[weight_at[i] : weight_at[i] + c * d].reshape((d, c))
        np.dot(rows, weight, g_there[: size * n * c].reshape((size * n, c)))
        g_here, g_there = g_there, g_here


@compiled
def sum_of_squares(
    flat, widths, kinds, scale, axes, pairs, points, inverted, operator, coefficients, target, workspace,
    flat_grad, operator_grad, coefficients_grad,
):  # fmt: skip
    """Return the sum over points of the squared misfits; add half of its gradients to flat_grad and operator_grad, and
    those by the coefficients to coefficients_grad.

    flat: all weights, then all biases, (P,); widths: (L + 2,), from 3 to C; kinds: (L,), of ACTIVATIONS, the first may
    be EMBEDDING, whose gradients are left out; scale: (3,), of the coordinates; axes: (J,), which coordinate a first
    derivative is by, else -1; pairs: (J, 2), where the two first derivatives of a second one are, else -1; points:
    (N, 3); inverted: (N, J, 2 H), an embedding's last channels; operator: (K, J, E, C), coefficients: (N, K), target:
    (N, E): see equations.py; workspace: `workspace_per_point` numbers for each point of a chunk; flat_grad: (P,), or
    (0,) if none is needed; operator_grad: (K, J, E, C); coefficients_grad: (N, K), or (0, K) likewise.
    """
    size, widest, total = len(axes), widths.max(), 0.0
    columns, columns_grad = _columns(flat, widths, scale), np.zeros((3, widths[1]), flat.dtype)
    product = np.empty(widest * widest, flat.dtype)
    chunk = workspace.size // workspace_per_point(widths, size)
    for low in range(0, len(points), chunk):
        n = min(chunk, len(points) - low)
        where, gradient = slice(low, low + n), size * n * widest
        g_here, g_there, layers = workspace[:gradient], workspace[gradient : 2 * gradient], workspace[2 * gradient :]
        at = _forward(flat, widths, kinds, columns, axes, pairs, points[where], inverted[where], layers)
        shape, numbers = (size, n, widths[-1]), size * n * widths[-1]
        u, g = layers[at : at + numbers].reshape(shape), g_here[:numbers].reshape(shape)
        total += _misfit(u, operator, coefficients[where], target[where], g, operator_grad, coefficients_grad[where])
        if flat_grad.size:
            _backward(flat, widths, kinds, axes, pairs, points[where], layers, at, g_here, g_there, product, flat_grad,
                      columns_grad)  # fmt: skip
    if flat_grad.size:
        for c in range(widths[1]):
            for axis in range(3):
                flat_grad[3 * c + axis] += columns_grad[axis, c] / scale[axis]
    return total


@compiled
def jets(flat, widths, kinds, scale, axes, pairs, points, inverted, workspace, found, start):
    """Write the jet of the output at all points to found (J, ..., 2) from `start` on; see `sum_of_squares`."""
    columns, size = _columns(flat, widths, scale), len(axes)
    chunk = workspace.size // workspace_per_point(widths, size)
    for low in range(0, len(points), chunk):
        high = min(low + chunk, len(points))
        at = _forward(flat, widths, kinds, columns, axes, pairs, points[low:high], inverted[low:high], workspace)
        u = workspace[at : at + size * (high - low) * widths[-1]]
        found[:, start + low : start + high] = u.reshape((size, high - low, widths[-1]))
