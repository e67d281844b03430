// The course: eleven cards, each of which sets the page up, lights up the part it speaks of, and asks what can be tried.
import type { Settings } from "./settings.ts";
import type { Chart, Drawer } from "./ui.ts";

export interface Card {
  name: string;
  title: string;
  text: string[];
  question: string;
  hint: string;
  /** The part of the page that lights up. */
  part: string;
  /** The settings that the card speaks of, made from the present ones. */
  settings: (settings: Settings) => Settings;
  drawer?: Drawer;
  stage?: number;
  chart?: Chart;
  neuron?: { layer: number; neuron: number };
}

interface SetUp {
  data?: Record<string, unknown>;
  features?: string[];
  widths: number[];
  activation?: string;
  training?: Record<string, unknown>;
}

/** Settings for a card: its data, network and training, all else as it begins. */
const setUp =
  ({ data, features, widths, activation = "tanh", training }: SetUp) =>
  (settings: Settings): Settings => ({
    ...settings,
    data: {
      ...settings.data,
      source: "moons",
      size: 300,
      noise: 0.15,
      seed: 0,
      train_share: 0.7,
      scale: true,
      added: [],
      removed: [],
      table: null,
      ...data,
    },
    inputs: { ...settings.inputs, features: features ?? ["x1", "x2"], view: { mode: "columns", x: 0, y: 1 } },
    network: {
      ...settings.network,
      layers: widths.map((width) => ({ width, activation: { name: activation }, dropout: 0, normalization: false })),
      seed: 0,
    },
    training: {
      ...settings.training,
      optimizer: { name: "gradient_descent" },
      schedule: { name: "constant" },
      learning_rate: 0.1,
      l1: 0,
      l2: 0,
      batch_size: 10,
      ...training,
    },
  });

export const CARDS: Card[] = [
  {
    name: "neuron",
    title: "A neuron",
    text: [
      "A neuron is a small sum. It multiplies each input by a weight, adds the products, and adds one more number, its bias. Then it bends the sum with an activation, here tanh, so that it stays between −1 and 1.",
      "Its map shows the sum at work: blue where the neuron says something positive, orange where it says something negative. One neuron draws one straight line through the plane.",
    ],
    question:
      "Turn the line until it parts the two clouds, by hand, before you press play. Which of the three numbers turns it, and which shifts it?",
    hint: "Choose the neuron and change w₁₁, w₂₁ and b₁ in the boxes below the drawing. Weights turn the line, the bias shifts it.",
    part: "network",
    settings: setUp({ data: { source: "gauss" }, widths: [1] }),
    neuron: { layer: 0, neuron: 0 },
  },
  {
    name: "layer",
    title: "A layer",
    text: [
      "Neurons side by side are a layer: each looks at the same inputs with weights of its own, so each draws a line of its own. The next layer no longer sees the inputs, only what these neurons say.",
      "So a second layer can put lines together: a corner from two, a closed shape from three.",
    ],
    question:
      "How few neurons does the hidden layer need to close a shape around the inner cloud? Guess, then try 1, 2, 3 and 4.",
    hint: "Use − and + above the layer, and press play each time. Two lines leave a strip open at its ends; three can close it.",
    part: "network",
    settings: setUp({
      data: { source: "circle", noise: 0.05 },
      widths: [2],
      training: { optimizer: { name: "adam" }, learning_rate: 0.03 },
    }),
  },
  {
    name: "forward",
    title: "Forward",
    text: [
      "To predict, numbers run from left to right. Each layer takes what the one before handed on, and every neuron works out z = Σ w·x + b and hands on a = g(z). The last neuron's number is the prediction.",
      "Below you see this for one row: press any number to see how it came about, in symbols and with the numbers in their places.",
    ],
    question:
      "Take a neuron of layer 2. Which of its inputs pushes its sum the most? Set that weight to 0 and look again.",
    hint: "A push is weight times input: a large weight on an input near 0 does little. Close the drawer to edit the weight below the drawing, and open it again.",
    part: "step",
    drawer: "step",
    stage: 0,
    settings: setUp({ widths: [4, 2] }),
    neuron: { layer: 1, neuron: 0 },
  },
  {
    name: "loss",
    title: "Loss",
    text: [
      "The loss says in one number how wrong the network is. For two classes it is the cross-entropy: −ln of the probability that the network gave to the right class. Being sure and right costs nearly nothing; being sure and wrong costs a lot.",
      "The losses of the batch's rows are averaged, and that mean is what training makes small.",
    ],
    question: "Before any training, what is the loss, and why is it near 0.69?",
    hint: "A network that knows nothing says 0.5 for everything, and −ln 0.5 is 0.693.",
    part: "step",
    drawer: "step",
    stage: 1,
    settings: setUp({ widths: [4, 2] }),
  },
  {
    name: "backward",
    title: "Backward",
    text: [
      "Which weight is to blame? The chain rule answers from the outputs back. δ says how much the loss would move if a neuron's sum z moved a little. A weight's gradient is that δ times what came in through it.",
      "Each row has its own opinion, and the batch's gradient is their mean. Nothing here is taken on trust: the check moves each weight by hand and measures what the loss does.",
    ],
    question:
      "Find two rows that pull one weight in opposite directions. What do they have in common, and what tells them apart?",
    hint: "Look at the bars: left is down, right is up. Often they are of different classes, or lie on different sides of the neuron's line.",
    part: "step",
    drawer: "step",
    stage: 2,
    settings: setUp({ widths: [4, 2] }),
    neuron: { layer: 0, neuron: 0 },
  },
  {
    name: "update",
    title: "Update",
    text: [
      "Now every weight takes a small step against its gradient: new = old − η · gradient, η being the learning rate. That is all of learning. Then comes the next batch, and everything begins again.",
      "Other optimisers remember earlier gradients. Momentum keeps rolling in the direction it had; Adam also gives each weight a step of its own size.",
    ],
    question:
      "Switch the optimiser to Adam and look at the same step. Which weights move further than before, and which less?",
    hint: "In its first step Adam moves every weight by about η, whether its gradient is large or small.",
    part: "step",
    drawer: "step",
    stage: 3,
    settings: setUp({ widths: [4, 2] }),
  },
  {
    name: "learning rate",
    title: "Learning rate",
    text: [
      "The learning rate is the length of the steps. Too small, and the network creeps; too large, and it jumps over the valley it looks for, and the loss shakes or shoots up.",
      "It is the one setting that matters most, and the best value depends on everything else: on the optimiser, on the batch, on the network.",
    ],
    question:
      "While it runs, multiply the learning rate by 3, again and again. At which value does the loss begin to shake, and does it recover when you go back?",
    hint: "The chart marks where you changed it. Around 0.7 it shakes, at 2 it shoots up; at 7 neurons die for good, and only a reset helps.",
    part: "training",
    chart: "curves",
    settings: setUp({ data: { noise: 0.3 }, widths: [8, 8], activation: "relu", training: { learning_rate: 0.003 } }),
  },
  {
    name: "capacity",
    title: "Capacity",
    text: [
      "A network can only draw what its neurons allow. With too few it underfits: even on the rows it learns from, it stays wrong, however long it trains.",
      "More neurons give more lines, more layers give lines built from lines. The spiral needs both.",
    ],
    question:
      "With 4 neurons the spiral stays unsolved. What helps more: 16 neurons in one layer, or 4 layers of 4? The wall can try both, and many more.",
    hint: "Open the wall, vary the hidden layers and the seed of the network, and see how often each shape succeeds.",
    part: "network",
    settings: setUp({
      data: { source: "spiral", size: 400, noise: 0.05 },
      widths: [4],
      training: { optimizer: { name: "adam" }, learning_rate: 0.01 },
    }),
  },
  {
    name: "overfitting",
    title: "Overfitting",
    text: [
      "A network with room to spare learns the noise as well: it bends around single points that carry no law. Its loss on the training rows falls, while that on rows it never saw, the rings, begins to rise.",
      "The gap between the two curves is what to watch. Only the validation curve speaks about tomorrow.",
    ],
    question:
      "At which epoch is the validation loss lowest? Use the scrubber to look at the map there, and compare it with the map at the end.",
    hint: "Let it run a few hundred epochs. Then try ten times as many points: what happens to the gap?",
    part: "charts",
    chart: "curves",
    settings: setUp({
      data: { size: 80, noise: 0.6, train_share: 0.5 },
      widths: [32, 32],
      activation: "relu",
      training: { optimizer: { name: "adam" }, learning_rate: 0.01 },
    }),
  },
  {
    name: "regularisation",
    title: "Regularisation",
    text: [
      "One remedy makes large weights cost something. With an L2 penalty every weight is pulled towards 0 a little at each step, and bends that pay for one point alone are no longer worth it.",
      "Dropout is another: in each step a share of the neurons says nothing, so that none can be relied on alone.",
    ],
    question:
      "Multiply L2 by 3, again and again, while it runs. The map grows smoother: where does it become too smooth, and which curve tells you?",
    hint: "The dashed line is the loss with its penalty. When the validation loss rises again, the penalty is too strong.",
    part: "training",
    chart: "curves",
    settings: setUp({
      data: { size: 80, noise: 0.6, train_share: 0.5 },
      widths: [32, 32],
      activation: "relu",
      training: { optimizer: { name: "adam" }, learning_rate: 0.01, l2: 0.01 },
    }),
  },
  {
    name: "scaling",
    title: "Scaling",
    text: [
      "Real tables mix metres with millimetres. An input with large numbers makes large gradients, one with small numbers hardly any, and no single learning rate suits both.",
      "So inputs are scaled first: from each column its mean is taken, and what is left is divided by its spread. Here that is switched off, on measurements of wines, where one column counts in hundreds and others in tenths.",
    ],
    question:
      "Train it as it is for a few hundred epochs, then switch on Standardise in the data, under More, and train again. How far does each come?",
    hint: "Keep both runs and open Compare to see them side by side.",
    part: "data",
    chart: "curves",
    settings: (settings) => {
      const made = setUp({ data: { source: "wine", scale: false }, widths: [8], training: { learning_rate: 0.01 } })(
        settings,
      );
      return { ...made, inputs: { ...made.inputs, features: null as any } };
    },
  },
];
