"""A problem stated for DeepXDE and for PINA: the same points, targets, loss weights and network as ours.

All of them work in our dimensionless coordinates (for A' x and y from -1 to 1 and t from -4 to 4) and divide them by
the window's half extents before the first layer, so that equal weights mean equal functions.
"""

import contextlib
import io
import logging
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from elastic_pinn.networks.batch import Batch
from elastic_pinn.physics.elasticity import STRAIN, Normal, residual, traction
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.statement import Statement
from elastic_pinn.training.session import Session

os.environ.setdefault("DDE_BACKEND", "pytorch")
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import deepxde as dde
    from pina import Condition, LabelTensor, Trainer
    from pina.domain import CartesianDomain
    from pina.equation import Equation
    from pina.operator import grad
    from pina.optim import TorchOptimizer
    from pina.problem import SpatialProblem, TimeDependentProblem
    from pina.solver import PhysicsInformedSingleModelSolver
    from pina.weighting import ScalarWeighting

for chatty in ("lightning.pytorch", "pytorch_lightning", "lightning.fabric"):
    logging.getLogger(chatty).setLevel(logging.ERROR)
warnings.filterwarnings("ignore", module="(lightning|pytorch_lightning|pina|deepxde).*")

AXES = ("x", "y", "t")


@dataclass
class Trace:
    """Error against time: seconds of this process's own work, and the relative L2 error of the displacement then."""

    error: Callable[[], float]
    limit: float
    every: float = 5.0
    seconds: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    steps: int = 0

    def __post_init__(self) -> None:
        self._started, self._measuring, self._next = time.process_time(), 0.0, self.every

    def step(self) -> bool:
        """Count a step and measure when it is due, which does not count as training; False when time is up."""
        self.steps += 1
        now = time.process_time()
        trained = now - self._started - self._measuring
        if trained >= self._next:
            self.seconds.append(trained)
            self.errors.append(self.error())
            self._measuring += time.process_time() - now
            self._next = trained + self.every
        return trained < self.limit

    def reached(self, target: float) -> float | None:
        """Seconds to an error, None if it was not reached."""
        return next((s for s, e in zip(self.seconds, self.errors, strict=True) if e <= target), None)


def relative_error(predict: Callable[[Tensor], Tensor], batch: Batch) -> float:
    """Relative L2 error at the points of a batch."""
    with torch.no_grad():
        return ((predict(batch.points) - batch.target).norm() / batch.target.norm()).item()


def undamped(jet: dict[str, Tensor], moduli: Moduli) -> Tensor:
    """The wave equation's misfit by second derivatives alone, (N, 2): nothing here is damped, or varies."""
    return residual(jet | dict.fromkeys(("t", "x", "y"), torch.zeros_like(jet["tt"])), moduli)


def use_mode(autodiff: str) -> None:
    """Have DeepXDE differentiate in "reverse" (its default) or "forward" mode from now on."""
    with contextlib.redirect_stdout(io.StringIO()):
        dde.config.set_default_autodiff(autodiff)


class DeepXDE:
    """DeepXDE's model of the session's problem. autodiff: "reverse" (its default) or "forward"."""

    def __init__(self, ours: Session, autodiff: str = "reverse") -> None:
        config, batches = ours.config, ours.sampler.batches
        use_mode(autodiff)
        with contextlib.redirect_stdout(io.StringIO()):
            dde.config.set_default_float(config.precision)
        moduli = ours.model.material()
        extent = torch.tensor(ours.problem.scales.extent, dtype=ours.model.dtype)
        half = extent.tolist()
        interior = batches["interior"]

        def motion(x: Tensor, u: Tensor) -> list[Tensor]:
            def second(c: int, i: int, j: int) -> Tensor:
                found = dde.grad.hessian(u, x, component=c, i=i, j=j)
                return found[0] if isinstance(found, tuple) else found  # forward mode: (value, function)

            pairs = {"xx": (0, 0), "xy": (0, 1), "yy": (1, 1), "tt": (2, 2)}
            jet = {name: torch.cat([second(c, *pair) for c in (0, 1)], 1) for name, pair in pairs.items()}
            return list(undamped(jet, moduli).split(1, dim=1))

        def first(u: Tensor, x: Tensor, c: int, axis: int) -> Tensor:
            if autodiff == "forward":  # which knows whole columns only
                return dde.grad.jacobian(u, x, j=axis)[0][:, c : c + 1]
            return dde.grad.jacobian(u, x, i=c, j=axis)

        def stress_on(u: Tensor, x: Tensor, c: int, normal: Tensor) -> Tensor:
            jet = {name: torch.cat([first(u, x, k, axis) for k in (0, 1)], 1) for axis, name in enumerate("xy")}
            return traction(jet, moduli, Normal.of(normal))[:, c : c + 1]

        def condition(statement: Statement, batch: Batch, normal: Tensor, c: int) -> object:
            points, target = batch.points.numpy(), batch.target[:, c : c + 1].numpy()
            if not statement.derivatives:
                return dde.icbc.PointSetBC(points, target, component=c)
            operators = {
                ("t",): lambda x, u, _: first(u, x, c, 2),
                STRAIN: lambda x, u, _: stress_on(u, x, c, normal),
            }
            return dde.icbc.PointSetOperatorBC(points, target, operators[statement.derivatives])

        conditions, weights = [], [config.weight_pde] * 2
        for statement in ours.loss.statements[1:]:
            batch = batches[statement.name]
            normals = batch.normal if statement.normals else batch.points.new_zeros(len(batch.points), 2)
            for normal in normals.unique(dim=0):  # an operator sees all points at once: a condition for each side
                here = (normals == normal).all(dim=1)  # (N,)
                side = replace(batch, points=batch.points[here], target=batch.target[here])
                conditions += [condition(statement, side, normal[None], c) for c in (0, 1)]
                weights += [ours.loss.weights[statement.column] * here.double().mean().item()] * 2
        geometry = dde.geometry.Cuboid([-value for value in half], half)
        self.network = dde.nn.FNN([3, *config.hidden_layers, 2], config.activation, "Glorot normal")
        self.network.apply_feature_transform(lambda x: x / extent)
        self._take(ours.model.network)
        with contextlib.redirect_stdout(io.StringIO()):
            data = dde.data.PDE(
                geometry, motion, conditions, num_domain=0, num_boundary=0, anchors=interior.points.numpy(), num_test=2
            )
            self.model = dde.Model(data, self.network)
            self.model.compile("adam", lr=config.learning_rate, loss_weights=weights)
        self.model.train_state.set_data_train(*data.train_next_batch())

    @torch.no_grad()
    def _take(self, network: nn.Module) -> None:
        for linear, weight, bias in zip(self.network.linears, network.weights, network.biases, strict=True):
            linear.weight.copy_(weight)
            linear.bias.copy_(bias)

    def step(self) -> None:
        """One step of its optimizer."""
        state = self.model.train_state
        self.model.train_step(state.X_train, state.y_train, state.train_aux_vars)

    def gradient(self) -> Tensor:
        """The gradient at the present weights: all weights, then all biases, (P,)."""
        state = self.model.train_state
        self.network.zero_grad()
        losses = self.model.outputs_losses_train(state.X_train, state.y_train, state.train_aux_vars)[1]
        losses.sum().backward()
        parameters = [getattr(linear, kind) for kind in ("weight", "bias") for linear in self.network.linears]
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        return torch.cat([gradient.reshape(-1) for gradient in gradients])

    def train(self, trace: Trace, adam_seconds: float) -> None:
        """Adam for a while, then its L-BFGS, started again whenever it ends, until the trace says stop."""
        switch = time.process_time() + adam_seconds
        while time.process_time() < switch:
            self.step()
            if not trace.step():
                return
        dde.optimizers.set_LBFGS_options(maxcor=100, maxiter=10**9, gtol=0, ftol=0)
        with contextlib.redirect_stdout(io.StringIO()):
            self.model.compile("L-BFGS", loss_weights=self.model.loss_weights)
        self.model.opt.param_groups[0] |= {"max_iter": 1, "max_eval": 26}  # as above: a step an iteration
        self.step()
        while trace.step():
            self.step()


class Pina:
    """PINA's solver of the session's problem."""

    def __init__(self, ours: Session) -> None:
        config, batches = ours.config, ours.sampler.batches
        moduli = ours.model.material()
        extent = torch.tensor(ours.problem.scales.extent, dtype=ours.model.dtype)
        half = extent.tolist()

        def motion(x: LabelTensor, u: LabelTensor) -> Tensor:
            first = {c: grad(u, x, components=[c]) for c in ("ux", "uy")}
            jet = {}
            for name in ("xx", "xy", "yy", "tt"):
                a, b = name
                parts = [grad(first[c], x, components=[f"d{c}d{a}"], d=[b]).tensor for c in ("ux", "uy")]
                jet[name] = torch.cat(parts, 1)
            return undamped(jet, moduli)

        def misses(statement: Statement, batch: Batch) -> Callable[[LabelTensor, LabelTensor], Tensor]:
            normal = Normal.of(batch.normal) if statement.normals else Normal()

            def misfit(x: LabelTensor, u: LabelTensor) -> Tensor:
                jet = {"": u.tensor}
                for name in statement.derivatives:
                    jet[name] = torch.cat([grad(u, x, components=[c], d=[name]).tensor for c in ("ux", "uy")], 1)
                return statement.operator(jet, moduli, normal) - batch.target

            return misfit

        found, weights = {}, {}
        for statement in ours.loss.statements:
            batch = batches[statement.name]
            equation = motion if statement.column == "pde" else misses(statement, batch)
            name = statement.name.replace(" ", "_")
            points = LabelTensor(batch.points.clone(), list(AXES))
            found[name] = Condition(input=points, equation=Equation(equation))
            weights[name] = 2.0 * ours.loss.weights[statement.column]  # PINA takes the mean over both components

        class Posed(SpatialProblem, TimeDependentProblem):
            output_variables = ("ux", "uy")
            spatial_domain = CartesianDomain({"x": [-half[0], half[0]], "y": [-half[1], half[1]]})
            temporal_domain = CartesianDomain({"t": [-half[2], half[2]]})
            domains: dict[str, object] = {}  # noqa: RUF012
            conditions = found

        Posed.output_variables = ["ux", "uy"]
        self.network = _Plain(ours.model.network, config.activation, extent)
        self._problem, self._weights, self._config = Posed(), weights, config

    def steps(self, optimizer: TorchOptimizer, steps: int, trace: Trace | None = None) -> None:
        """Some steps of an optimizer, through its Trainer."""
        solver = PhysicsInformedSingleModelSolver(
            self._problem, self.network, optimizer=optimizer, weighting=ScalarWeighting(self._weights)
        )
        from lightning.pytorch.callbacks import Callback

        class Watch(Callback):
            def on_train_batch_end(self, trainer, *_: object) -> None:  # type: ignore[no-untyped-def]
                if trace and not trace.step():
                    trainer.should_stop = True

        trainer = Trainer(
            solver,
            max_epochs=steps,
            accelerator="cpu",
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=False,
            logger=False,
            shuffle=False,
            callbacks=[Watch()],
            precision="64-true" if self._config.precision == "float64" else "32-true",
        )
        trainer.train()

    def adam(self) -> TorchOptimizer:
        """Adam at the session's learning rate."""
        return TorchOptimizer(torch.optim.Adam, lr=self._config.learning_rate)

    def train(self, trace: Trace, adam_seconds: float) -> None:
        """Adam for a while, then L-BFGS with a strong-Wolfe search, an iteration a step, until the trace says stop."""
        first = Trace(trace.error, adam_seconds, trace.every)
        self.steps(self.adam(), 10**9, first)
        trace.seconds, trace.errors, trace.steps = first.seconds, first.errors, first.steps
        lbfgs = TorchOptimizer(
            torch.optim.LBFGS, lr=1.0, max_iter=1, max_eval=26, tolerance_grad=0, tolerance_change=0,
            history_size=100, line_search_fn="strong_wolfe",
        )  # fmt: skip
        self.steps(lbfgs, 10**9, trace)


class _Plain(nn.Module):
    """The network as anyone would write it, with the same weights."""

    def __init__(self, network: nn.Module, activation: str, extent: Tensor) -> None:
        super().__init__()
        self._extent, self._function = extent, {"tanh": torch.tanh, "sin": torch.sin}[activation]
        self.layers = nn.ModuleList()
        for weight, bias in zip(network.weights, network.biases, strict=True):
            layer = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
            layer.weight.data.copy_(weight)
            layer.bias.data.copy_(bias)
            self.layers.append(layer)

    def forward(self, x: Tensor) -> Tensor:
        z = (x.tensor if isinstance(x, LabelTensor) else x) / self._extent
        for layer in self.layers[:-1]:
            z = self._function(layer(z))
        return self.layers[-1](z)
