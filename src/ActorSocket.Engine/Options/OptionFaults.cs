namespace ActorSocket.Configuration;

/// <summary>Collects what is wrong with options: each fault names the configuration key, the value and what is allowed.</summary>
internal sealed class OptionFaults(string section)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>What was found.</summary>
    public List<string> All { get; } = [];

    public string Section => section;

    public void Add(string key, string fault) => All.Add($"{section}:{key} {fault}");

    public void Time(string key, TimeSpan value, int leastMilliseconds = 1)
    {
        var least = TimeSpan.FromMilliseconds(leastMilliseconds);
        if (value < least || value > Day)
            Add(key, $"is {value}; it must be between {least} and {Day}.");
    }

    public void TimeOrNone(string key, TimeSpan value)
    {
        if (value < TimeSpan.Zero || value > Day)
            Add(key, $"is {value}; it must be between {TimeSpan.Zero} and {Day}.");
    }

    public void Number(string key, int value, int least, int most)
    {
        if (value < least || value > most)
            Add(key, $"is {value}; it must be between {least} and {most}.");
    }

    public void NotAsyncVoid(string key, Delegate? value, string instead)
    {
        if (value is not null && Callback.IsAsyncVoid(value.Method))
            Add(key, $"is an async lambda, whose exceptions would end the process; set {instead} to it instead.");
    }
}
