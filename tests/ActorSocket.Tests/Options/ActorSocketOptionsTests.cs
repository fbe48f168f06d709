using ActorSocket.Configuration;
using Microsoft.Extensions.Configuration;

namespace ActorSocket.Tests.Options;

public sealed class ActorSocketOptionsTests
{
    [Fact]
    public void The_operators_file_shows_every_option_that_a_file_can_set_with_its_default()
    {
        var section = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(Repository.Root, "config", "appsettings.json"))
            .Build()
            .GetSection("ActorSocket");
        var bound = section.Get<ActorSocketOptions>()!;
        var defaults = new ActorSocketOptions();
        foreach (
            var option in typeof(ActorSocketOptions)
                .GetProperties()
                .Where(static option => option.PropertyType.IsValueType && Nullable.GetUnderlyingType(option.PropertyType) is null)
        )
        {
            Assert.True(section[option.Name] is not null, $"config/appsettings.json does not show {option.Name}.");
            Assert.Equal(option.GetValue(defaults), option.GetValue(bound));
        }
        Assert.True(new ActorSocketOptionsValidator().Validate(null, bound).Succeeded);
    }
}
