using System.Globalization;

namespace ActorSocket.Soak;

/// <summary>What the command line says.</summary>
internal sealed class SoakOptions
{
    public SoakOptions(string[] args)
    {
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            switch (args[i])
            {
                case "--minutes":
                    Minutes = double.Parse(args[i + 1], CultureInfo.InvariantCulture);
                    break;
                case "--clients":
                    Clients = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
                    break;
                case "--faults":
                    FaultEvery = double.Parse(args[i + 1], CultureInfo.InvariantCulture);
                    break;
                case "--seed":
                    Seed = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
                    break;
                case "--transport":
                    Transport = args[i + 1];
                    break;
                case "--out":
                    Out = args[i + 1];
                    break;
                default:
                    throw new ArgumentException(
                        $"Unknown option {args[i]}: --minutes, --clients, --faults, --seed, --transport and --out are known.",
                        nameof(args)
                    );
            }
        }
    }

    public double Minutes { get; } = 10;

    public int Clients { get; } = 36;

    public double FaultEvery { get; } = 40;

    public int Seed { get; } = Environment.TickCount;

    /// <summary>The nodes': loops or stock.</summary>
    public string Transport { get; } = "loops";

    public string? Out { get; }
}
