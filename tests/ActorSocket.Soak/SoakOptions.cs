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
                case "--pace":
                    Pace = double.Parse(args[i + 1], CultureInfo.InvariantCulture);
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
                        $"Unknown option {args[i]}: --minutes, --clients, --pace, --faults, --seed, --transport and --out are known.",
                        nameof(args)
                    );
            }
        }
    }

    public double Minutes { get; } = 10;

    public int Clients { get; } = 36;

    /// <summary>How many times longer the clients rest: 4 leaves most of a machine of two cores to others.</summary>
    public double Pace { get; } = 1;

    public double FaultEvery { get; } = 40;

    public int Seed { get; } = Environment.TickCount;

    /// <summary>The nodes': loops or stock.</summary>
    public string Transport { get; } = "loops";

    public string? Out { get; }
}
