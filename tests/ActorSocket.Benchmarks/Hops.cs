using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using ActorSocket.Delivery;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Protocol.WebSockets;
using Akka.Actor;

namespace ActorSocket.Benchmarks;

/// <summary>What each step of a message's way costs alone, in one thread: nanoseconds and bytes allocated.</summary>
internal static class Hops
{
    private static readonly PacketWriter Writer = new(SocketJson.Default);
    private static readonly byte[] Event = """2["echo","0123456789012345678901234567890123456789012345678901234567890123"]"""u8.ToArray();

    public static async Task RunAsync()
    {
        Console.WriteLine("| step | ns | bytes allocated |\n|---|---|---|");

        var frame = new byte[6 + Event.Length];
        FrameWriter.WriteHeader(frame, FrameWriter.OpText, Event.Length);
        frame[1] |= 0x80; // masked, with a key of zeros
        Event.CopyTo(frame, 6);
        using var frames = new FrameReader(new ProtocolLimits());
        Measure("frame in: header, unmask, UTF-8 check", () =>
        {
            var buffer = new ReadOnlySequence<byte>(frame);
            if (frames.Read(ref buffer, out _) != FrameResult.Text)
                throw new InvalidOperationException();
        });

        var names = new NameTable();
        names.Register("echo");
        var decoder = new PacketDecoder(new ProtocolLimits(), names, SocketJson.Default);
        SocketIoPacket? packet = null;
        Measure("packet in: one pass over the JSON", () => decoder.AddText(Event, out packet));

        var arguments = packet!.Arguments;
        Measure("argument read as string", () => arguments[0].As<string>());
        Measure("packet out: an event with one string", () => Writer.Event("/", "echo", -1, new EventArguments<string>("0123456789012345678901234567890123456789012345678901234567890123")));
        Measure("packet out: arguments passed on as they came", () => Writer.Ack("/", 12, new EventArguments<SocketArguments>(arguments)));

        var encoded = new EncodedFrame(Writer.Event("/", "echo", -1, new EventArguments<string>("0123456789012345678901234567890123456789012345678901234567890123")));
        var outbound = new Outbound(new Nobody(), new Flusher(), new OutboundLimits(1 << 22, 1 << 14));
        outbound.SwitchTo(new Nowhere(), WireForm.Standard);
        Measure("turn: begin, append one frame, end, write to nowhere", () =>
        {
            outbound.BeginTurn();
            outbound.Append(encoded);
            outbound.EndTurn();
        });

        using var system = ActorSystem.Create("hops");
        const int rounds = 200_000;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var pong = system.ActorOf(Props.Create(() => new Pong()));
        system.ActorOf(Props.Create(() => new Ping(pong, rounds, done)));
        var before = GC.GetTotalAllocatedBytes();
        var started = Stopwatch.GetTimestamp();
        await done.Task;
        Report("Tell to an idle actor, until it runs", Stopwatch.GetElapsedTime(started), GC.GetTotalAllocatedBytes() - before, 2 * rounds);
        await system.Terminate();
    }

    private static void Measure(string what, Action step)
    {
        const int rounds = 1_000_000;
        for (var i = 0; i < rounds; i++) // to tier 1
            step();
        Thread.Yield();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < rounds; i++)
            step();
        Report(what, Stopwatch.GetElapsedTime(started), GC.GetAllocatedBytesForCurrentThread() - before, rounds);
    }

    private static void Report(string what, TimeSpan time, long allocated, int rounds) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {time.TotalNanoseconds / rounds:F0} | {allocated / rounds} |"));

    private sealed class Ping(IActorRef pong, int rounds, TaskCompletionSource done) : UntypedActor
    {
        private int _left = rounds;

        protected override void PreStart() => pong.Tell("", Self);

        protected override void OnReceive(object message)
        {
            if (--_left > 0)
                pong.Tell(message, Self);
            else
                done.SetResult();
        }
    }

    private sealed class Pong : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message, Self);
    }

    private sealed class Nowhere : IOutboundSink
    {
        public ValueTask WriteAsync(ReadOnlyMemory<byte> frames) => default;
    }

    private sealed class Nobody : IOutboundOwner
    {
        public void OnOverflow()
        {
        }

        public void OnWriteFailed(Exception error)
        {
        }

        public void OnCloseDelivered()
        {
        }

        public void OnVolatileDropped(int count)
        {
        }

        public void OnWritten(int packets, long bytes)
        {
        }
    }
}
