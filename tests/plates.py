"""A small plate with a hole, as parameters: waves of it are solved for in about a second."""

PLATE = {
    "problem": "plate",
    "plate_size": [0.02, 0.01],
    "holes": [[0.013, 0.004, 0.0015]],
    "material": "aluminium",
    "sources": [
        {
            "kind": "side_load",
            "at": [0.006, 0.01],
            "force": [0.0, -1000.0],
            "pulse": "ricker",
            "frequency": 100e3,
            "width": 2e-3,
        },
    ],
    "duration": 16e-6,
}
SOLVED = {
    "network": "hole_waves",
    "hidden_layers": [200, 300],
    "activation": "sin",
    "input_frequency": 6.0,
    "precision": "float64",
    "stages": ["last_layer"],
    "steps": 1,
    "ridge": 1e-8,
    "interior_points": 20,
    "boundary_points": 350,
    "initial_points": 250,
    "sampling": "sobol",
    "validation_points": 50,
}
