using ActorSocket.Emitting;

namespace ActorSocket.Tests.Emitting;

/// <summary>What the convenient overloads hand on to whatever can emit, an application's own emitter included.</summary>
public sealed class EventEmitterTests
{
    [Fact]
    public void Each_overload_is_one_event_with_its_arguments_in_order()
    {
        var own = new Own();
        own.Emit("none");
        own.Emit("one", 1);
        own.Emit("two", 1, "2");
        own.Emit("three", 1, "2", 3.0);
        own.Emit("four", 1, "2", 3.0, '4');
        own.EmitCore("list", [1, 2, 3, 4, 5]);
        own.Send("hello");
        own.Send("hello", 2);
        Assert.Equal(
            [
                ("none", new EventArguments()),
                ("one", new EventArguments<int>(1)),
                ("two", new EventArguments<int, string>(1, "2")),
                ("three", new EventArguments<int, string, double>(1, "2", 3.0)),
                ("four", new EventArguments<int, string, double, char>(1, "2", 3.0, '4')),
                own.Emitted[5],
                ("message", new EventArguments<string>("hello")),
                ("message", new EventArguments<string, int>("hello", 2)),
            ],
            own.Emitted);
        Assert.Equal("list", own.Emitted[5].Name);
        Assert.IsType<ArgumentList>(own.Emitted[5].Arguments);
    }

    [Fact]
    public void Without_an_emitter_it_is_that_which_is_missing()
    {
        IEventEmitter? nobody = null;
        Action[] calls = [() => nobody!.Emit("e"), () => nobody!.Emit("e", 1), () => nobody!.EmitCore("e", [1]), () => nobody!.Send(1)];
        foreach (var call in calls)
            Assert.Equal("emitter", Assert.Throws<ArgumentNullException>(call).ParamName);
    }

    private sealed class Own : IEventEmitter
    {
        public List<(string Name, object Arguments)> Emitted { get; } = [];

        public void Emit<TArgs>(string eventName, in TArgs args)
            where TArgs : struct, IEventArguments => Emitted.Add((eventName, args));
    }
}
