using ActorSocket.Tests.Infrastructure;
using System.Buffers;
using ActorSocket.Delivery;
using ActorSocket.Protocol;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Protocol.WebSockets;
using Akka.Actor;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace ActorSocket.Benchmarks;

/// <summary>What each step of a message's way costs alone: nanoseconds and bytes allocated.</summary>
internal static class Micro
{
    public static int Run(string[] args)
    {
        // In this process: the generated project of the default toolchain would be built under this repository's rules.
        var config = ManualConfig.Create(DefaultConfig.Instance)
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .WithOptions(ConfigOptions.JoinSummary);
        var summaries = BenchmarkSwitcher
            .FromTypes([typeof(CodecBenchmarks), typeof(DeliveryBenchmarks), typeof(MailboxBenchmarks)])
            .Run(args.Length > 0 ? args : ["--filter", "*"], config);
        return summaries.All(static summary => summary.Reports.All(static report => report.Success)) ? 0 : 2;
    }
}

#pragma warning disable CA1515, CA1001, MA0048 // BenchmarkDotNet wants public types and calls GlobalCleanup

/// <summary>Bytes to packets and back, for an event with one string of 64 characters.</summary>
[MemoryDiagnoser(displayGenColumns: false)]
public class CodecBenchmarks
{
    private const string Argument = "0123456789012345678901234567890123456789012345678901234567890123";
    private static readonly byte[] Event = """2["echo","0123456789012345678901234567890123456789012345678901234567890123"]"""u8.ToArray();

    private readonly PacketWriter _writer = new(SocketJson.Default);
    private readonly FrameReader _frames = new(new ProtocolLimits());
    private readonly byte[] _frame = new byte[6 + Event.Length];
    private readonly PacketDecoder _decoder;
    private readonly SocketArguments _arguments;

    public CodecBenchmarks()
    {
        FrameWriter.WriteHeader(_frame, FrameWriter.OpText, Event.Length);
        _frame[1] |= 0x80; // masked, with a key of zeros, so that it can be read again and again
        Event.CopyTo(_frame, 6);
        var names = new NameTable();
        names.Register("echo");
        _decoder = new PacketDecoder(new ProtocolLimits(), names, SocketJson.Default);
        _decoder.AddText(Event, out var packet);
        _arguments = packet!.Arguments;
    }

    [Benchmark(Description = "frame in: header, unmask, UTF-8 check")]
    public bool ReadFrame()
    {
        var buffer = new ReadOnlySequence<byte>(_frame);
        return _frames.Read(ref buffer, out _) == FrameResult.Text;
    }

    [Benchmark(Description = "packet in: one pass over the JSON")]
    public bool ReadPacket() => _decoder.AddText(Event, out _);

    [Benchmark(Description = "argument read as string")]
    public string? ReadArgument() => _arguments[0].As<string>();

    [Benchmark(Description = "packet out: an event with one string")]
    public int WriteEvent() => _writer.Event("/", "echo", -1, new EventArguments<string>(Argument)).Bytes.Length;

    [Benchmark(Description = "packet out: arguments passed on as they came")]
    public int WriteAck() => _writer.Ack("/", 12, new EventArguments<SocketArguments>(_arguments)).Bytes.Length;

    [Benchmark(Description = "frame out: header and text in one array")]
    public object WriteFrame() => EncodedFrame.Control(Event);
}

/// <summary>Encoded frames to connections that are written to nowhere.</summary>
[MemoryDiagnoser(displayGenColumns: false)]
public class DeliveryBenchmarks
{
    private static readonly OutboundLimits Limits = new(1 << 22, 1 << 14);

    private readonly EncodedFrame _frame = new(
        new PacketWriter(SocketJson.Default).Event(
            "/",
            "bcast",
            -1,
            new EventArguments<string>("0123456789012345678901234567890123456789012345678901234567890123")
        )
    );
    private readonly Outbound _one = Nowhere.NewOutbound(Limits);
    private readonly Outbound[] _room = Array.ConvertAll(new Outbound[1000], static _ => Nowhere.NewOutbound(Limits));

    [Benchmark(Description = "turn: begin, append one frame, end, write")]
    public void Turn()
    {
        _one.Cork();
        _one.Append(_frame);
        _one.Uncork();
    }

    [Benchmark(Description = "volatile: append and write")]
    public void Volatile()
    {
        _one.Cork();
        _one.Append(_frame, isVolatile: true);
        _one.Uncork();
    }

    [Benchmark(Description = "room: append to a member and write, one of 1 000", OperationsPerInvoke = 1000)]
    public void Room()
    {
        foreach (var member in _room)
        {
            member.Cork();
            member.Append(_frame);
            member.Uncork();
        }
    }
}

/// <summary>One actor's message to another that is idle, on the default dispatcher.</summary>
[MemoryDiagnoser(displayGenColumns: false)]
public class MailboxBenchmarks
{
    private const int Hops = 10_000;

    private ActorSystem _system = null!;
    private IActorRef _ping = null!;

    [GlobalSetup]
    public void Start()
    {
        _system = ActorSystem.Create("micro");
        var pong = _system.ActorOf(Props.Create(() => new Pong()));
        _ping = _system.ActorOf(Props.Create(() => new Ping(pong)));
    }

    [GlobalCleanup]
    public Task StopAsync() => _system.Terminate();

    [Benchmark(Description = "Tell to an idle actor, until it runs", OperationsPerInvoke = 2 * Hops)]
    public Task HopAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ping.Tell(done);
        return done.Task;
    }

    private sealed class Ping(IActorRef pong) : UntypedActor
    {
        private TaskCompletionSource? _done;
        private int _left;

        protected override void OnReceive(object message)
        {
            if (message is TaskCompletionSource done)
                (_done, _left) = (done, Hops);
            if (_left-- > 0)
                pong.Tell("", Self);
            else
                _done!.SetResult();
        }
    }

    private sealed class Pong : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message, Self);
    }
}
