using ActorSocket.Entities;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.Tests.Entities;

/// <summary>Entities that are called by an interface.</summary>
public sealed class EntityContractTests
{
    [Fact]
    public async Task Each_kind_of_method_calls_the_entity_of_that_id()
    {
        await using var app = await StartAsync();
        var desks = Desks(app);
        var desk = desks.Get("a");
        Assert.Equal(3, await desk.AddAsync(1, 2, CancellationToken.None));
        Assert.Equal(5, await desk.AddAgainAsync(2));
        await desk.ClearAsync();
        await desk.ResetAsync(7);
        Assert.Equal("7 of a", await desk.ShowAsync());
        desk.Note("sent"); // from one caller, calls arrive in order
        Assert.Equal(["sent"], await desk.NotesAsync());
        Assert.Null(await desk.NothingAsync());
        Assert.Equal(8, (await desk.ManyAsync(1, 2, 3, 4, 5, 6, 7, 8)).Length);
        Assert.Equal("inherited", await desk.BaseAsync());
        Assert.Equal("0 of b", await desks.Get("b").ShowAsync());
        Assert.Equal(["sent"], (await desks.ByName.InvokeAsync<string[]>("a", "notes"))!); // the names on the wire
        Assert.Equal("7 of a", await desks.ByName.InvokeAsync<string>("a", "display"));
        Assert.Equal("7 of a", await desks.ByName.InvokeAsync<string>("a", "own-name"));
    }

    [Fact]
    public async Task What_the_contract_declares_is_thrown_to_the_caller_and_all_else_is_not()
    {
        await using var app = await StartAsync();
        var desk = Desks(app).Get("a");
        var full = await Assert.ThrowsAsync<DeskFullException>(() => desk.TakeAsync("full"));
        Assert.Equal("The desk is full.", full.Message);
        Assert.Equal("closed", (await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => desk.TakeAsync("closed"))).Message);
        var other = await Assert.ThrowsAsync<EntityCallException>(() => desk.TakeAsync("refused"));
        Assert.Equal("REFUSED", Assert.IsType<EventException>(other.InnerException).Code);
        other = await Assert.ThrowsAsync<EntityCallException>(() => desk.TakeAsync("broken"));
        Assert.Equal(("broken", null), (other.Message, other.InnerException));
        // Who calls by name gets the code.
        other = await Assert.ThrowsAsync<EntityCallException>(() => Desks(app).ByName.InvokeAsync("a", "take", "full"));
        Assert.Equal("DESK_FULL", Assert.IsType<EventException>(other.InnerException).Code);
    }

    [Fact]
    public async Task A_contract_may_be_written_in_any_way_that_the_language_has()
    {
        await using var app = TestApplication.Build(static services => services.AddActorSocket());
        var odds = app.MapActorSocket().MapEntities<Odd, IOdd>("odd");
        await app.StartAsync();
        var odd = odds.Get("a");
        Assert.Equal("derived 1", await odd.OverriddenAsync(1));
        Assert.Equal("default of derived 2", await odd.DefaultAsync(2));
        Assert.Equal("derived 3", await odd.SealedAsync(3));
        Assert.Equal("x,y", await odd.ListAsync("x", "y"));
        Assert.Equal("7 ja", await odd.NamedAsync("ja"));
        Assert.Equal("1,2", string.Join(',', await odd.GenericAsync([1, 2])));
        Assert.Equal(new Point(3, 4), await odd.StructAsync(new Point(4, 3)));
        Assert.Null(await odd.NullableAsync(null));
        Assert.Equal("both", await odd.TwiceAsync());
        Assert.Equal("special", (await Assert.ThrowsAsync<SpecialException>(() => odd.ThrowAsync("special"))).Message);
        Assert.Equal("general", (await Assert.ThrowsAsync<GeneralException>(() => odd.ThrowAsync("general"))).Message);
        Assert.Equal("event", await odds.ByName.InvokeAsync<string>("a", "event"));
    }

    [Fact]
    public async Task A_limit_and_a_token_end_the_wait()
    {
        await using var app = await StartAsync();
        var desks = Desks(app);
        await Assert.ThrowsAsync<TimeoutException>(() => desks.Timeout(TimeSpan.FromMilliseconds(50)).Get("a").WaitAsync(default));
        using var over = new CancellationTokenSource();
        var waiting = desks.Get("b").WaitAsync(over.Token);
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Throws<ArgumentException>(() => desks.Get(""));
    }

    [Fact]
    public async Task A_contract_that_cannot_be_called_is_refused_when_it_is_mapped()
    {
        await using var app = TestApplication.Build(static services => services.AddActorSocket());
        var io = app.MapActorSocket();
        var refused = Assert.Throws<InvalidOperationException>(() => io.MapEntities<Hidden, IHidden>("hidden"));
        Assert.Contains("There is no generated class for IHidden", refused.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => io.MapEntities<Wordless, IWordless>("wordless"));
        Assert.Throws<InvalidOperationException>(() => io.MapEntities<WithProperty, IWithProperty>("property"));
        var twice = Assert.Throws<ArgumentException>(() => io.MapEntities<Twice, ITwice>("twice"));
        Assert.Contains("Twice has two methods of the name \"go\", GoAsync and Also", twice.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(nameof(IDesk.AddAsync), "add")]
    [InlineData(nameof(IDesk.ShowAsync), "display")]
    [InlineData(nameof(IDesk.Note), "note")]
    [InlineData(nameof(IDesk.AddAgainAsync), "addAgain")]
    public void A_method_has_its_name_in_camel_case_or_that_of_its_attribute(string method, string name) =>
        Assert.Equal(name, EntityContract.NameOf(typeof(IDesk).GetMethod(method)!));

    private static RoomEntities<Desk, IDesk> Desks(WebApplication app) => app.Services.GetRequiredService<RoomEntities<Desk, IDesk>>();

    private static async Task<WebApplication> StartAsync()
    {
        var app = TestApplication.Build(static services =>
        {
            services.AddActorSocket();
            services.AddSingleton(static provider =>
                provider.GetRequiredService<ActorSocketServer>().MapEntities<Desk, IDesk>("desk"));
        });
        app.MapActorSocket();
        _ = Desks(app);
        await app.StartAsync();
        return app;
    }

    public interface IBase
    {
        ValueTask<string> BaseAsync();
    }

    public interface IDesk : IBase
    {
        Task<int> AddAsync(int first, int second, CancellationToken cancellationToken);

        ValueTask<int> AddAgainAsync(int more);

        Task ClearAsync();

        ValueTask ResetAsync(int sum);

        [Event("display")]
        Task<string> ShowAsync();

        void Note(string text);

        Task<string[]> NotesAsync();

        Task<string?> NothingAsync();

        Task<int[]> ManyAsync(int a, int b, int c, int d, int e, int f, int g, int h);

        [Throws<DeskFullException>("DESK_FULL"), Throws<TimeZoneNotFoundException>("CLOSED")]
        Task TakeAsync(string how);

        Task WaitAsync(CancellationToken cancellationToken);
    }

    public sealed class DeskFullException(string message) : Exception(message);

    internal sealed class Desk : RoomEntity, IDesk
    {
        private readonly List<string> _notes = [];
        private int _sum;

        public async Task<int> AddAsync(int first, int second, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return _sum += first + second;
        }

        public ValueTask<int> AddAgainAsync(int more) => new(_sum += more);

        public Task ClearAsync()
        {
            _sum = 0;
            return Task.CompletedTask;
        }

        ValueTask IDesk.ResetAsync(int sum) // explicit
        {
            _sum = sum;
            return default;
        }

        [Event("own-name")]
        public Task<string> ShowAsync() => Task.FromResult($"{_sum} of {Id}");

        public void Note(string text) => _notes.Add(text);

        public Task<string[]> NotesAsync() => Task.FromResult(_notes.ToArray());

        public Task<string?> NothingAsync() => Task.FromResult<string?>(null);

        public Task<int[]> ManyAsync(int a, int b, int c, int d, int e, int f, int g, int h) =>
            Task.FromResult<int[]>([a, b, c, d, e, f, g, h]);

        public Task TakeAsync(string how) => throw how switch
        {
            "full" => new DeskFullException("The desk is full."),
            "closed" => new TimeZoneNotFoundException("closed"),
            "refused" => new EventException("refused") { Code = "REFUSED" },
            _ => new InvalidOperationException("broken"),
        };

        public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

        public ValueTask<string> BaseAsync() => new("inherited");
    }

    private interface IHidden
    {
        void Go();
    }

    private sealed class Hidden : RoomEntity, IHidden
    {
        public void Go()
        {
        }
    }

    internal interface IWithProperty
    {
        int Count { get; }
    }

    private sealed class WithProperty : RoomEntity, IWithProperty
    {
        public int Count => 0;
    }

    internal interface ITwice
    {
        Task GoAsync();
    }

    private sealed class Twice : RoomEntity, ITwice
    {
        public Task GoAsync() => Task.CompletedTask;

        [Event("go")]
        public static void Also()
        {
        }
    }

    internal interface IGeneric<T>
    {
        Task<T[]> GenericAsync(List<T> items);

        Task<string> TwiceAsync();
    }

    internal interface IOdd : IGeneric<int>
    {
        Task<string> OverriddenAsync(int @class);

        async Task<string> DefaultAsync(int value) => "default of " + await OverriddenAsync(value);

        sealed Task<string> SealedAsync(int value) => PrivateAsync(value);

        private Task<string> PrivateAsync(int value) => OverriddenAsync(value);

        Task<string> ListAsync(params string[] items);

        Task<string> NamedAsync(string _target, int message = 7, CancellationToken code = default);

        ValueTask<Point> StructAsync(Point point);

        Task<int?> NullableAsync(int? value);

        new Task<string> TwiceAsync();

        [Throws<GeneralException>("GENERAL"), Throws<SpecialException>("SPECIAL")]
        Task ThrowAsync(string what);
    }

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
    internal readonly record struct Point(int X, int Y);

    internal class GeneralException(string message, int number = 0) : Exception(message)
    {
        public int Number => number;
    }

    internal sealed class SpecialException(string message) : GeneralException(message);

    private abstract class OddBase : RoomEntity
    {
        public virtual Task<string> OverriddenAsync(int value) => Task.FromResult("base " + value);

        [Event("event")]
        public virtual string Event() => "base";

        public Task<int[]> GenericAsync(List<int> items) => Task.FromResult<int[]>(Id == "a" ? [.. items] : []);
    }

    private class OddMiddle : OddBase, IOdd
    {
        public Task<string> ListAsync(params string[] items) => Task.FromResult(string.Join(',', items));

        public Task<string> NamedAsync(string _target, int message = 7, CancellationToken code = default) =>
            Task.FromResult($"{message} {_target}");

        public ValueTask<Point> StructAsync(Point point) => new(new Point(point.Y, point.X));

        public Task<int?> NullableAsync(int? value) => Task.FromResult(value);

        public Task<string> TwiceAsync() => Task.FromResult("both");

        public Task ThrowAsync(string what) => throw (what == "special" ? new SpecialException(what) : new GeneralException(what));
    }

    private sealed class Odd : OddMiddle
    {
        public override Task<string> OverriddenAsync(int value) => Task.FromResult("derived " + value);

        public override string Event() => "event";
    }

    internal sealed class WordlessException : Exception;

    internal interface IWordless
    {
        [Throws<WordlessException>("WORDLESS")]
        Task GoAsync();
    }

    private sealed class Wordless : RoomEntity, IWordless
    {
        public Task GoAsync() => Task.CompletedTask;
    }
}
